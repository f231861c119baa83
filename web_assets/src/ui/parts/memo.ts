/** A component that is drawn again only when a prop changes (compared by identity). */
import { Component, createElement, type ComponentType, type VNode } from "preact";

export function memo<Props extends object>(inner: ComponentType<Props>): ComponentType<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const keys = new Set([...Object.keys(this.props), ...Object.keys(next)]) as Set<keyof Props>;
      for (const key of keys) if (key !== ("children" as keyof Props) && this.props[key] !== next[key]) return true;
      return false;
    }

    override render(props: Props): VNode<Props> {
      return createElement(inner, props);
    }
  };
}
