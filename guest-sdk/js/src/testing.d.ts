import type { ArtifactOptions, Bytes, Completion, Failure, Job, Report } from "./index.js";

export { Completion, Failure } from "./index.js";

/** What a run came to. */
export class Run {
  /** How the job ended well. */
  readonly completion: Completion | undefined;
  /** How it failed. */
  readonly failure: Failure | undefined;
  /** Finished outputs by name. */
  readonly outputs: Map<string, ArtifactOptions & { name: string; bytes: Uint8Array }>;
  /** Names of those that the manifest does not declare, where it declares any. Servers publish and mark them. */
  readonly undeclared: string[];
  readonly log: { level: string; stage: string; message: string }[];
  readonly report: Report | undefined;
  readonly progress: { done: bigint; total: bigint; stage: string } | undefined;
  readonly checkpoint: Uint8Array | undefined;
  readonly marks: string[];
  readonly requests: { method: string; url: string; headers: [string, string][]; body: Uint8Array | null }[];
  text(name: string): string;
  json(name: string): any;
}

/** Says what a job finds, and runs it natively. */
export class TestHost {
  parameters(parameters: Record<string, unknown>): this;
  input(name: string, content: string | Bytes, options?: { fileName?: string; mediaType?: string }): this;
  secret(name: string, value: string): this;
  /** What a host of the world answers to a URL. */
  answer(url: string, answer?: { status?: number; headers?: Record<string, string>; body?: string | Bytes }): this;
  checkpoint(data: string | Bytes): this;
  seen(...keys: string[]): this;
  /** What the job hears when it asks whether to stop, one answer after the other; the last one stays. */
  cancellations(...answers: ("none" | "user" | "deadline")[]): this;
  run(job: Job): Promise<Run>;
}
