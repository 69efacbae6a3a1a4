import { afterAll, beforeAll, beforeEach, jest } from "@jest/globals";
import { Moto } from "./server";

/** Gives a file of tests an account of its own, empty before each test. To be called at its top. */
export function useMoto(): void {
  // moto has to be fetched and installed the first time.
  jest.setTimeout(300_000);
  let moto: Moto;
  let leave: () => void;
  beforeAll(async () => {
    moto = await Moto.start();
    leave = moto.enter();
  });
  beforeEach(() => moto.reset());
  afterAll(async () => {
    leave();
    await moto.stop();
  });
}
