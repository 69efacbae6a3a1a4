import type { EngineEvent } from "./workspace";
import type { Terminal } from "./terminal";

/** Type token -> the label of its lines. Types that are not here are not worth a line. */
const labels: Record<string, string> = {
  "kmvm:local:Machine": "machine",
  "kmvm:local:Image": "image",
};

/** Of a provider's resource: `aws:ec2/instance:Instance` -> `Instance`. Our own and the engine's say nothing of use. */
const providersLabel = (type: string) => (/^(kmvm|pulumi|command):/.test(type) ? undefined : type.split(":").at(-1));

const typeOf = (urn: string) => urn.split("::")[2]?.split("$").at(-1) ?? "";

/** Escape sequences of colours, which the engine puts into its messages. */
const plain = (text: string) =>
  text
    .replace(/<\{%.*?%\}>/g, "")
    .replace(/\u001b\[[0-9;]*m/g, "")
    .trim();

export interface EngineView {
  readonly onEvent: (event: EngineEvent) => void;
  /** What the engine or a plugin called an error, in order. */
  readonly errors: string[];
}

/** Shows what an update does, without the log of the tests, which comes from the evidence. */
export function engineView(terminal: Terminal): EngineView {
  const errors: string[] = [];
  return {
    errors,
    onEvent: ({ diagnosticEvent, resourcePreEvent }) => {
      if (resourcePreEvent) {
        const { type, op } = resourcePreEvent.metadata;
        const label = labels[type] ?? providersLabel(type);
        if (label && op !== "same") terminal.status(`${label}: ${op}`);
      }
      if (!diagnosticEvent) return;
      const {
        urn = "",
        severity,
        ephemeral,
      } = diagnosticEvent as { urn?: string; severity: string; ephemeral?: boolean };
      const message = plain(diagnosticEvent.message);
      const type = typeOf(urn);
      if (type === "command:local:Command") return;
      if (severity === "error") errors.push(message);
      else if (severity === "warning") terminal.warn(message);
      else if (labels[type] && message) {
        if (ephemeral) terminal.status(`${labels[type]}: ${message}`);
        else terminal.step(labels[type], message);
      }
    },
  };
}
