/** Drawings in SVG: only a page can draw them, as an image without scripts and without a network. */

const LONGER_SIDE = 1024;

/** A PNG of the drawing. Rejects if it cannot be drawn. */
export async function rasterise(file: Blob): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([file], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const [width, height] = [image.naturalWidth || 512, image.naturalHeight || 512];
    const scale = LONGER_SIDE / Math.max(width, height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => { if (blob) resolve(blob); else reject(new Error("The drawing is empty.")); }, "image/png");
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
