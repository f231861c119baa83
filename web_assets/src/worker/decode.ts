/** Picture files to pixels, with the worker's own decoder and canvas, so that the page is not blocked. */
import { MAX_PIXELS } from "../base/limits";
import type { Pixels } from "../encoder/index";
import { chooseGround } from "./ground";

/** Larger pictures are scaled down to this many pixels on their shorter side: at least twice the input of every model. */
const SHORTER_SIDE = 1024;

/** A file that cannot be used as a picture: trying again will not help. */
export class PictureError extends Error {
  override readonly name = "PictureError";
}

/** The size at which a picture is drawn before the model's own resizing. */
export function drawnSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, SHORTER_SIDE / Math.min(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** A file as it is displayed: upright by its EXIF, in sRGB. To be closed by the caller. @throws PictureError */
export async function openPicture(file: Blob): Promise<ImageBitmap> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "default" });
  } catch {
    throw new PictureError("This browser cannot read the picture.");
  }
  if (bitmap.width * bitmap.height <= MAX_PIXELS) return bitmap;
  bitmap.close();
  throw new PictureError("The picture has too many pixels.");
}

/** A canvas with the picture at a size, on white or on another ground if it would hardly be seen on white. */
export function drawn(bitmap: ImageBitmap, width: number, height: number): { canvas: OffscreenCanvas; pixels: () => Pixels } {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new PictureError("This browser does not have enough memory for the picture.");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const pixels = (): Pixels => ({ width, height, data: context.getImageData(0, 0, width, height).data });
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = chooseGround(pixels());
  context.fillRect(0, 0, width, height);
  return { canvas, pixels };
}

/** RGBA of a file as it is displayed, with a ground behind what is transparent. @throws PictureError */
export async function decodePicture(file: Blob): Promise<Pixels> {
  const bitmap = await openPicture(file);
  try {
    const { width, height } = drawnSize(bitmap.width, bitmap.height);
    return drawn(bitmap, width, height).pixels();
  } finally {
    bitmap.close();
  }
}
