import { BaseImage } from "../components/base-image";
import type { StackProgram } from "./registry";

/** The image that most runs start from. */
export const l0: StackProgram = ({ backend, settings, backendHash }) => ({
  version: new BaseImage("l0", { backend, recipe: "L0-base", settings, backendHash }).version,
});
