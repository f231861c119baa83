/** Shows a message in place of the page if drawing it fails, so that it is never blank. */
import { Component, type ComponentChildren, type JSX } from "preact";

import { messageOf } from "../../base/errors";
import { AlertIcon, RetryIcon } from "./icons";

export class Boundary extends Component<{ children: ComponentChildren }, { failure: string | null }> {
  override state = { failure: null };

  static override getDerivedStateFromError(error: unknown): { failure: string } {
    return { failure: messageOf(error) };
  }

  render(): JSX.Element {
    const { failure } = this.state;
    if (failure === null) return <>{this.props.children}</>;
    return (
      <main class="main">
        <div class="failed" role="alert">
          <AlertIcon />
          <h1>The page stopped with an error</h1>
          <p>{failure}</p>
          <button type="button" class="button solid" onClick={() => location.reload()}><RetryIcon />Reload</button>
        </div>
      </main>
    );
  }
}
