/** The text tower is more than this device can take. */
export class DeviceError extends Error {
  override readonly name: string = "DeviceError";

  constructor(options?: ErrorOptions) {
    super("The model's text tower is too large for this device.", options);
  }
}
