/** Conversion between stored additions and the index of a bundle. */
import { own } from "../base/own";
import type { Manifest } from "../format/index";
import { BUNDLE_FORMAT, encodeEmbedding, type BundleIndex, type BundlePicture } from "./bundle";
import { captionField, tagsField } from "./fields";
import type { Addition, AdditionChange } from "./types";

const SUFFIXES: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif", "image/avif": "avif", "image/heic": "heic",
  "image/heif": "heif", "image/bmp": "bmp", "image/tiff": "tif", "image/jxl": "jxl",
};

/** The index of a bundle of all the additions, in the collection's own fields. */
export function exported(additions: readonly Addition[], manifest: Manifest, when: number): BundleIndex {
  const { collection, generator, fields, model } = manifest;
  const caption = captionField(fields);
  const tags = tagsField(fields);
  return {
    format: BUNDLE_FORMAT,
    version: 1,
    generator,
    created: new Date(when).toISOString(),
    collection: { title: collection.title, hash: collection.hash },
    model: model ? { pack: model.id, encoder_hash: model.encoder_hash, dim: model.dim } : null,
    fields: [
      { name: caption.name, label: caption.label, type: "text" },
      { name: tags.name, label: tags.label, type: "tags" },
    ],
    pictures: additions.map((addition) => ({
      file: `pictures/${addition.sha256}.${suffixOf(addition)}`,
      name: addition.name,
      sha256: addition.sha256,
      bytes: addition.bytes,
      type: addition.type,
      width: addition.width,
      height: addition.height,
      added: new Date(addition.added).toISOString(),
      fields: {
        ...(addition.caption ? { [caption.name]: addition.caption } : {}),
        ...(addition.tags.length ? { [tags.name]: addition.tags } : {}),
      },
      ...(addition.embedding && model && addition.encoder === model.encoder_hash ? { embedding: encodeEmbedding(addition.embedding) } : {}),
    })),
  };
}

/** Caption and tags of a bundle's picture, whatever fields the other collection has for them. */
export function importedFields({ fields }: BundleIndex, picture: BundlePicture): AdditionChange {
  const values = (type: "text" | "tags") => fields.flatMap((field) => (field.type === type ? own(picture.fields, field.name) ?? [] : []));
  return { caption: values("text").join("\n"), tags: values("tags") };
}

/** The suffix of the file in the ZIP: by its media type, else that of its name. */
function suffixOf({ type, name }: Addition): string {
  const given = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLowerCase();
  return own(SUFFIXES, type) ?? given ?? "bin";
}
