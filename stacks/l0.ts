import { BaseImage } from "../components/base-image";
import type { StackProgram } from "./registry";

/** The image that most runs start from. */
export const l0: StackProgram = ({ backend }) => ({
  version: new BaseImage("l0", { backend, recipe: "L0-base" }).version,
});
