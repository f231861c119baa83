/** Draws the points with WebGL2. It draws when it is asked to, and never by itself. */
import {
  BufferAttribute, BufferGeometry, DataTexture, GLSL3, OrthographicCamera, PerspectiveCamera, Points, RawShaderMaterial, Scene, Sphere, Vector3, WebGLRenderer, type Camera,
} from "three";

import type { Frame, Size } from "./frame";
import { shownBox } from "./frame";
import { eyeOf, FIELD_OF_VIEW, type Orbit } from "./orbit";
import type { Drawn } from "./points";

/** Coordinates in the shader are 0 to 1. */
const UNITS = 65_535;

const VERTEX = `
precision highp float;
in vec3 position;
in vec4 look;
uniform mat4 projectionMatrix;
uniform mat4 modelViewMatrix;
uniform float size;
uniform bool spatial;
uniform bool searched;
uniform vec4 dim;
uniform float opacity;
uniform sampler2D table;
out vec4 colour;
void main() {
  // A row that is not on the map has the greatest coordinates.
  if (position.x > 0.99999 && position.y > 0.99999) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 0.0;
    return;
  }
  vec4 place = modelViewMatrix * vec4(position, 1.0);
  gl_Position = projectionMatrix * place;
  bool lit = look.y > 0.5;
  colour = lit ? vec4(texelFetch(table, ivec2(int(look.x * 255.0 + 0.5), 0), 0).rgb, opacity) : dim;
  float near = spatial ? clamp(1.5 / -place.z, 0.4, 6.0) : 1.0;
  if (!spatial) gl_Position.z = lit ? 0.0 : 0.5 * gl_Position.w;
  gl_PointSize = size * near * (searched && lit ? 1.6 : 1.0);
}`;

const FRAGMENT = `
precision mediump float;
in vec4 colour;
out vec4 pixel;
void main() {
  float away = length(gl_PointCoord - 0.5);
  if (away > 0.5) discard;
  pixel = vec4(colour.rgb, colour.a * (1.0 - smoothstep(0.38, 0.5, away)));
}`;

export class PointScene {
  readonly #renderer: WebGLRenderer;
  readonly #flat = new Scene();
  readonly #space = new Scene();
  readonly #table = new DataTexture(new Uint8Array(1024), 256, 1);
  readonly #material: RawShaderMaterial;
  readonly #orthographic = new OrthographicCamera(0, 1, 0, 1, -1, 1);
  readonly #perspective = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.001, 20);
  readonly #looks: BufferAttribute[] = [];
  #size: Size = { width: 1, height: 1 };

  /** Throws if the browser gives no WebGL2. */
  constructor(canvas: HTMLCanvasElement) {
    this.#renderer = new WebGLRenderer({ canvas, alpha: true, antialias: false, powerPreference: "low-power" });
    this.#renderer.setClearColor(0, 0);
    this.#material = new RawShaderMaterial({
      glslVersion: GLSL3, vertexShader: VERTEX, fragmentShader: FRAGMENT, transparent: true,
      uniforms: {
        size: { value: 4 }, spatial: { value: false }, searched: { value: false }, dim: { value: [0.5, 0.5, 0.5, 0.3] }, opacity: { value: 1 }, table: { value: this.#table },
      },
    });
  }

  add(block: Drawn): void {
    const look = new BufferAttribute(block.look, 4, true);
    this.#looks.push(look);
    this.#flat.add(this.#pointsOf(block.flat, 2, look));
  }

  /** Adds a block in three dimensions; the same block has been added before. */
  addSpace(block: Drawn, place: number): void {
    this.#space.add(this.#pointsOf(block.space!, 4, this.#looks[place]!));
  }

  #pointsOf(numbers: Uint16Array, width: number, look: BufferAttribute): Points {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(numbers, width, true));
    geometry.setAttribute("look", look);
    // Known without looking at every point.
    geometry.boundingSphere = new Sphere(new Vector3(0.5, 0.5, 0.5), 1);
    const points = new Points(geometry, this.#material);
    points.frustumCulled = false;
    return points;
  }

  /** The looks of points have changed. */
  repainted(): void {
    for (const look of this.#looks) look.needsUpdate = true;
  }

  /** @param table of 256 colours, 4 bytes each; `dim`: the colour of points that are not lit, 0 to 1 */
  paint(table: Uint8Array<ArrayBuffer>, dim: readonly [number, number, number, number]): void {
    this.#table.image.data!.set(table);
    this.#table.needsUpdate = true;
    this.#material.uniforms["dim"]!.value = dim;
  }

  resize(size: Size, ratio: number): void {
    this.#size = size;
    this.#renderer.setPixelRatio(ratio);
    this.#renderer.setSize(Math.max(1, size.width), Math.max(1, size.height), false);
    this.#perspective.aspect = size.width / Math.max(1, size.height);
    this.#perspective.updateProjectionMatrix();
  }

  /** @param point the diameter of a point in CSS pixels; `opacity` of lit points */
  draw(view: { frame: Frame } | { orbit: Orbit }, point: number, opacity: number, searched: boolean): void {
    const { uniforms } = this.#material;
    const spatial = "orbit" in view;
    uniforms["size"]!.value = point * this.#renderer.getPixelRatio();
    uniforms["spatial"]!.value = spatial;
    uniforms["searched"]!.value = searched;
    uniforms["opacity"]!.value = opacity;
    const camera = spatial ? this.#look(view.orbit) : this.#lookFlat(view.frame);
    this.#renderer.render(spatial ? this.#space : this.#flat, camera);
  }

  /** Where the camera of `orbit` shows a place of three coordinates 0 to 65,535: CSS pixels, and the distance. Null behind it. */
  projector(orbit: Orbit): (x: number, y: number, z: number) => [number, number, number] | null {
    const camera = this.#look(orbit);
    camera.updateMatrixWorld();
    const place = new Vector3();
    const { width, height } = this.#size;
    const matrix = camera.projectionMatrix.clone().multiply(camera.matrixWorldInverse);
    const { elements: m } = matrix;
    return (x, y, z) => {
      place.set(x / UNITS, y / UNITS, z / UNITS);
      const w = m[3]! * place.x + m[7]! * place.y + m[11]! * place.z + m[15]!;
      if (w <= 0.001) return null;
      place.applyMatrix4(matrix);
      return [((place.x + 1) / 2) * width, ((1 - place.y) / 2) * height, w];
    };
  }

  #look(orbit: Orbit): PerspectiveCamera {
    this.#perspective.position.set(...eyeOf(orbit));
    this.#perspective.lookAt(...orbit.target);
    return this.#perspective;
  }

  #lookFlat(frame: Frame): Camera {
    const [left, top, right, bottom] = shownBox(frame, this.#size);
    Object.assign(this.#orthographic, { left: left / UNITS, right: right / UNITS, top: top / UNITS, bottom: bottom / UNITS });
    this.#orthographic.updateProjectionMatrix();
    return this.#orthographic;
  }

  dispose(): void {
    for (const scene of [this.#flat, this.#space]) {
      scene.traverse((object) => { if (object instanceof Points) (object.geometry as BufferGeometry).dispose(); });
    }
    this.#material.dispose();
    this.#table.dispose();
    this.#renderer.dispose();
  }
}
