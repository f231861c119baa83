/** The results as the map of meaning: what was found is lit on it, and an area or a topic of it is a filter. Loaded when it is shown. */
import type { JSX, TargetedKeyboardEvent } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { messageOf } from "../../base/errors";
import { MAP_FIELD, topicOf } from "../../base/map";
import { areaOf } from "../../base/polygon";
import { useController, useStore } from "../context";
import { useMedia } from "../parts/hooks";
import { Retry } from "../parts/retry";
import { withFilter } from "../state/view";
import { count } from "../wording";
import { Bar, type Tool } from "./bar";
import { followPointers, moveOf } from "./gestures";
import type { Label } from "./labels";
import { Legend } from "./legend";
import { Area, Hover, Labels, place, Thumbnails, type Hovered } from "./overlay";
import { Stage, type Shown } from "./stage";
import { adopt } from "./style";
import { TopicList } from "./topic-list";
import { useClasses, useFound, useTopics } from "./use-found";

/** Why there is no picture of the map. */
type Trouble = "missing" | "lost";

const NOTHING: Shown = { rows: [], side: 0 };
const HOVER_MS = 70;
const MAP_FIRST = "imagedb map drawn";

export function MapView(): JSX.Element | null {
  const entry = useStore((state) => state.manifest?.map ?? null);
  const [attempt, setAttempt] = useState(0);
  useLayoutEffect(adopt, []);
  if (!entry) return null;
  return <Map key={attempt} attempt={attempt} onRetry={() => setAttempt((n) => n + 1)} />;
}

function Map({ attempt, onRetry }: { attempt: number; onRetry: () => void }): JSX.Element {
  const controller = useController();
  const entry = useStore((state) => state.manifest!.map!);
  const view = useStore((state) => state.view);
  const theme = useStore((state) => state.theme);
  const darkSystem = useMedia("(prefers-color-scheme: dark)");
  const dark = theme === "dark" || (theme === "system" && darkSystem);
  const calm = useMedia("(prefers-reduced-motion: reduce)");
  const wide = useMedia("(min-width: 900px)");
  const canvas = useRef<HTMLCanvasElement>(null);
  const element = useRef<HTMLDivElement>(null);
  const over = useRef<HTMLDivElement>(null);
  const stage = useRef<Stage | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [loaded, setLoaded] = useState(0);
  const [dimensions, setDimensions] = useState<2 | 3>(2);
  const [tool, setTool] = useState<Tool>("move");
  const [field, setField] = useState<string | null>(null);
  const [labels, setLabels] = useState<readonly Label[]>([]);
  const [shown, setShown] = useState<Shown>(NOTHING);
  const [line, setLine] = useState<readonly number[] | null>(null);
  const [hovered, setHovered] = useState<Hovered | null>(null);
  const [listed, setListed] = useState(wide);
  const topics = useTopics(attempt);
  const found = useFound();
  const classes = useClasses(field, attempt);
  const blocks = Math.ceil(entry.rows / entry.block);
  const latest = useRef({ tool, dimensions, calm, view });
  latest.current = { tool, dimensions, calm, view };
  const area = view.filters.find((filter) => filter.kind === "area");
  const chosen = view.filters.flatMap((filter) => (filter.kind === "topic" ? filter.values : []));

  const placed = useCallback((): void => {
    if (stage.current && over.current) place(over.current, stage.current);
  }, []);
  const open = useCallback((row: number): void => {
    void controller.collection?.rows([row]).then(([info]) => { if (info) controller.openImage(info.id); }, () => controller.say("This picture could not be loaded."));
  }, [controller]);

  // The stage, and the points block after block.
  useEffect(() => {
    const { collection } = controller;
    if (!canvas.current || !element.current || !collection) return;
    let current = true;
    const lost = (event: Event): void => {
      event.preventDefault();
      setTrouble("lost");
    };
    let made: Stage;
    try {
      // A context of another kind is asked for first: the library reports a missing one as an error of the page.
      if (!canvas.current.getContext("webgl2", { alpha: true, antialias: false, powerPreference: "low-power" })) throw new Error("There is no WebGL2.");
      made = new Stage(canvas.current, { placed, labels: setLabels, thumbnails: setShown }, () => latest.current.calm);
    } catch {
      setTrouble("missing");
      return;
    }
    stage.current = made;
    canvas.current.addEventListener("webglcontextlost", lost);
    const observer = new ResizeObserver(([size]) => {
      if (size) made.resize(size.contentRect, Math.min(2, devicePixelRatio || 1));
    });
    observer.observe(element.current);
    const load = async (): Promise<void> => {
      for (let block = 0; block < blocks && current; block++) {
        const points = await collection.mapBlock(block);
        if (!current) return;
        made.add(points);
        if (!block) performance.mark(MAP_FIRST);
        setLoaded(block + 1);
      }
    };
    load().catch((error: unknown) => { if (current) setFailure(messageOf(error)); });
    return () => {
      current = false;
      observer.disconnect();
      canvas.current?.removeEventListener("webglcontextlost", lost);
      stage.current = null;
      made.dispose();
    };
  }, []);

  useEffect(() => stage.current?.light(found), [found]);
  useEffect(() => { if (topics.state === "ready") stage.current?.setTopics(topics.value); }, [topics]);
  useEffect(() => { if (classes.state === "ready") stage.current?.colour(classes.value, dark); }, [classes, dark]);
  useLayoutEffect(placed);

  // Three dimensions are loaded when they are asked for.
  useEffect(() => {
    const { collection } = controller;
    const made = stage.current;
    if (!made || !collection) return;
    made.setDimensions(dimensions);
    if (dimensions === 2 || loaded < blocks) return;
    let current = true;
    const load = async (): Promise<void> => {
      for (let block = 0; block < blocks && current; block++) {
        if (made.points.blocks[block]?.space) continue;
        const points = await collection.mapBlock(block, 3);
        if (current) made.addSpace(block, points);
      }
    };
    load().catch((error: unknown) => { if (current) setFailure(messageOf(error)); });
    return () => { current = false; };
  }, [dimensions, loaded === blocks]);

  // Pointers.
  useEffect(() => {
    if (!element.current || trouble) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      clearTimeout(timer);
      setHovered(null);
    };
    const stop = followPointers(element.current, {
      drag: (...moves) => {
        end();
        stage.current?.drag(...moves);
      },
      zoom: (...moves) => {
        end();
        stage.current?.zoom(...moves);
      },
      drawing: () => latest.current.tool !== "move" && latest.current.dimensions === 2,
      drawn: (corners, ended) => {
        const points = latest.current.tool === "box" ? boxed(corners) : corners;
        setLine(ended ? null : [...points]);
        if (ended) select(points);
      },
      pick: (left, top) => {
        end();
        const topic = stage.current?.labelAt(left, top) ?? null;
        if (topic !== null && latest.current.dimensions === 2) stage.current!.show(topic);
        else {
          const row = stage.current?.rowAt(left, top) ?? null;
          if (row !== null) open(row);
        }
      },
      hover: (left, top) => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          const row = latest.current.dimensions === 2 ? stage.current?.rowAt(left, top, 10) ?? null : null;
          setHovered(row === null ? null : { row, left, top });
        }, HOVER_MS);
      },
      leave: end,
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [trouble]);

  const select = (corners: readonly number[]): void => {
    const made = stage.current;
    if (!made) return;
    const drawn: number[] = [];
    for (let i = 0; i + 1 < corners.length; i += 2) drawn.push(...made.toMap(corners[i]!, corners[i + 1]!));
    const points = areaOf(drawn);
    setTool("move");
    if (points) controller.go({ ...withFilter(latest.current.view, MAP_FIELD, "area", { field: MAP_FIELD, kind: "area", points }), image: null });
  };
  const toggle = (topic: number): void => {
    const others = chosen.filter((value) => topicOf(known, value) !== topic);
    const values = others.length < chosen.length ? others : [...chosen, known[topic]!.name];
    controller.go({ ...withFilter(view, MAP_FIELD, "topic", values.length ? { field: MAP_FIELD, kind: "topic", values } : null), image: null });
  };
  const keyed = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const made = stage.current;
    if (!made || event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    const move = moveOf(event.key);
    if (move) {
      event.preventDefault();
      if (move.kind === "move") made.drag(move.right, move.down, event.shiftKey);
      else if (move.kind === "zoom") made.zoom(move.factor);
      else made.fit();
    } else if (event.key === "Enter") {
      const row = made.rowAt(made.size.width / 2, made.size.height / 2, 40);
      if (row === null) controller.say("There is no picture in the middle of the map.");
      else open(row);
    } else if (event.key === "Escape" && tool !== "move") setTool("move");
  };

  const known = topics.state === "ready" ? topics.value : [];
  const counts = useMemo(() => (found && stage.current ? stage.current.points.perTopic(found, known) : null), [found, loaded, known]);
  const beside = listed || trouble !== null;
  return (
    <section class={`map ${beside ? "with-topics" : ""} ${trouble ? "map-troubled" : ""}`} id="results" aria-label="Map of meaning" data-loaded={loaded} data-blocks={blocks}>
      {!trouble && (
        <Bar tool={tool} onTool={setTool} dimensions={dimensions} spatial={entry.space !== null} onDimensions={setDimensions} field={field} onField={setField} listed={listed}
          onListed={() => setListed(!listed)} onZoom={(factor) => stage.current?.zoom(factor)} onFit={() => stage.current?.fit()} lit={found !== null} onLit={() => stage.current?.show(null)} />
      )}
      {trouble && <MapTrouble trouble={trouble} onRetry={onRetry} />}
      <div class="map-columns">
        {!trouble && (
          <div class="map-frame">
            <div ref={element} class={`map-stage ${tool} ${hovered && tool === "move" ? "over" : ""}`} tabIndex={0} role="application" aria-label={`Map of ${count(entry.count)} points`} aria-describedby="map-keys" onKeyDown={keyed}>
              <canvas ref={canvas} aria-hidden="true" />
              <div ref={over} aria-hidden="true">
                {dimensions === 2 && area?.kind === "area" && <Area corners={area.points} stage={stage.current} />}
                {line && <Area corners={line} stage={null} />}
                <Thumbnails shown={shown} isLit={stage.current?.points.isLit ?? (() => true)} onDrawn={placed} />
                <Labels labels={labels} />
                {hovered && <Hover hovered={hovered} size={stage.current?.size ?? { width: 0, height: 0 }} />}
              </div>
              <span class="map-middle" aria-hidden="true" />
            </div>
            <p id="map-keys" class="visually-hidden">Arrow keys move the map, plus and minus zoom, 0 shows all of it, and Enter opens the picture in the middle. The list of topics offers the same pictures.</p>
            {loaded < blocks && !failure && <p class="map-loading" role="status"><span class="spinner" aria-hidden="true" />Loading the map</p>}
            {failure && <div class="map-loading" role="alert"><p>{failure}</p><Retry class="small" onClick={onRetry} /></div>}
            <Legend classes={classes} field={field} dark={dark} />
          </div>
        )}
        {beside && <TopicList topics={topics} counts={counts} chosen={chosen.map((value) => topicOf(known, value))} dark={dark} onToggle={toggle} onShow={trouble ? null : (topic) => { setDimensions(2); stage.current?.show(topic); }} onRetry={onRetry} />}
      </div>
    </section>
  );
}

/** The corners of the box from the first to the last corner of a line. */
function boxed(line: readonly number[]): number[] {
  const [left, top, right, bottom] = [line[0]!, line[1]!, line.at(-2)!, line.at(-1)!];
  return [left, top, right, top, right, bottom, left, bottom];
}

function MapTrouble({ trouble, onRetry }: { trouble: Trouble; onRetry: () => void }): JSX.Element {
  return (
    <div class="map-trouble" role="alert">
      <p>
        {trouble === "lost" ? "The graphics of this browser stopped, so the map is not shown. " : "This browser does not offer WebGL2, so the map is not shown. "}
        The topics below lead to the same pictures.
      </p>
      <Retry class="small" onClick={onRetry} />
    </div>
  );
}
