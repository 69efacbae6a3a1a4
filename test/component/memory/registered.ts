import { jest } from "@jest/globals";
import type * as Registry from "../../../components/backends/registry";
import type * as Settings from "./settings";

/** To be imported before anything that imports the registry: adds the backend memory to it, by its one line. */
jest.mock("../../../components/backends/registry", () => {
  const real = jest.requireActual<typeof Registry>("../../../components/backends/registry");
  const { memorySettings } = jest.requireActual<typeof Settings>("./settings");
  const { entry } = real;
  return {
    ...real,
    registry: {
      ...real.registry,
      // prettier-ignore
      memory: entry(memorySettings, async () => (await import("./backend")).memory, async (own) => (await import("./facets")).memoryFacets(own)),
    },
  };
});
