/** The files of the site for other programs. */
import type { JSX } from "preact";

import { useController } from "../context";
import { siteFile } from "../links";
import { nounOf } from "../layout";
import { DownloadIcon, ExternalIcon } from "../parts/icons";
import { bytes, count, counted } from "../wording";
import { Waiting } from "./parts";
import { useMade } from "./use-made";
import type { Download, Manifest } from "../../engine/types";

const NAMES: Record<Download["format"], string> = { csv: "CSV", jsonl: "JSON lines" };

export function Downloads({ manifest }: { manifest: Manifest }): JSX.Element {
  const { base } = useController();
  const made = useMade("downloads", (collection) => collection.downloads());
  const { downloads } = manifest;
  const noun = nounOf(manifest);
  return (
    <div class="data-downloads">
      {!downloads && (
        <p>
          The metadata are not published as files. <code>imagedb-site export all.csv --in {base}</code> makes one; samples, pages and batches are saved
          from here.
        </p>
      )}
      {downloads && made.state === "failed" && <Waiting made={made} doing="Loading the list of files" />}
      {/* Their lines are there before their sizes are known, so that nothing moves. */}
      {downloads && made.state === "making" && (
        <ul aria-busy="true">{downloads.formats.map((format) => (
          <li key={format}><a><DownloadIcon /><span>{NAMES[format]}</span></a><span class="faint">Loading the list of files</span></li>
        ))}</ul>
      )}
      {downloads && made.state === "ready" && (
        <ul>{downloads.formats.map((format) => <Files key={format} format={format} files={made.value.filter((file) => file.format === format)} noun={noun} />)}</ul>
      )}
      <ul>
        {downloads && <Other path={downloads.croissant} text="The data set described in Croissant, for tools of machine learning" />}
        {downloads && <Other path={downloads.datapackage} text="The same as a Data Package, for Frictionless tools" />}
        <Other path="api/index.html" name="HTTP API" text="Search, samples and batches as JSON, explained" />
        <Other path="api/openapi.json" text="The HTTP API described for programs" />
      </ul>
    </div>
  );
}

function Files({ format, files, noun }: { format: Download["format"]; files: readonly Download[]; noun: "picture" | "record" }): JSX.Element {
  const { base } = useController();
  const [size, raw, rows] = files.reduce(([a, b, c], file) => [a + file.bytes, b + file.rawBytes, c + file.rows], [0, 0, 0] as [number, number, number]);
  const about = `${counted(rows, noun)} · ${bytes(size)}, ${bytes(raw)} unpacked`;
  const links = files.map((file) => ({ ...file, href: siteFile(file.path, base) }));
  const [only] = links;
  if (links.length === 1 && only?.href) {
    return <li><a href={only.href} download><DownloadIcon /><span>{NAMES[format]}</span></a><span class="faint">{about}</span></li>;
  }
  return (
    <li>
      <details>
        <summary><DownloadIcon /><span>{NAMES[format]}</span><span class="faint">{about}, in {count(files.length)} files</span></summary>
        <ol>
          {links.map(({ path, href, bytes: size, rows }) => href && (
            <li key={path}><a href={href} download>{path.split("/").pop()}</a><span class="faint">{counted(rows, noun)} · {bytes(size)}</span></li>
          ))}
        </ol>
      </details>
    </li>
  );
}

function Other({ path, name = path, text }: { path: string; name?: string; text: string }): JSX.Element | null {
  const { base } = useController();
  const href = siteFile(path, base);
  if (!href) return null;
  return <li><a href={href} target="_blank" rel="noopener"><ExternalIcon /><span>{name}</span></a><span class="faint">{text}</span></li>;
}
