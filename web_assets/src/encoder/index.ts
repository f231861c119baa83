/** Model packs in the browser: tokenizer, text and image tower on onnxruntime-web. */
export { DeviceError } from "./device";
export { Encoder, type EncoderOptions } from "./encoder";
export { fittedSize, preprocess, type Pixels } from "./preprocess";
export { resize, type Interpolation, type RgbImage } from "./resize";
export { expandTokenizer, PackTokenizer } from "./tokenizer";
export { TokenTable } from "./tokens";
