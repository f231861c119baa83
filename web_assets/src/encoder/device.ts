/** The text tower is more than this device can take. */
export class DeviceError extends Error {
  override readonly name: string = "DeviceError";

  constructor(options?: ErrorOptions) {
    super("This device has too little memory for the model's text part.", options);
  }
}
