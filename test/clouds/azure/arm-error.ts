/** A refusal of Resource Manager. @see https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors */
export class ArmError extends Error {
  override readonly name = "ArmError";

  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

/** The text that the provider gives for a refusal. @see https://github.com/pulumi/pulumi-azure-native/issues/1117 an example */
export const providerText = ({ code, message, status }: ArmError): string =>
  `Status=${status} Code="${code}" Message="${message}"`;

/** The text when the answer never came. */
export const lostText = (id: string): string =>
  `Put "https://management.azure.com${id}": read tcp: read: connection reset by peer`;
