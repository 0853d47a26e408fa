import { expect } from "vitest";
import type { ExecOptions, OpenTerminalOptions } from "../../src/api.ts";
import { formatForward } from "../../src/config/forwardSpec.ts";
import type { ForwardRequest } from "../../src/forward/forwardTypes.ts";
import type { OpenSessionRequest } from "../../src/session/openSessionTypes.ts";
import { SessionsApi } from "../../src/vscode/sshSessionsApi.ts";
import { attack } from "./support/attackTest.ts";

/** The exported API, called by a malicious extension: the action must be the one that the user agreed to. */

interface World {
  readonly api: SessionsApi;
  readonly asked: { host: string; what?: string | undefined; claim?: string | undefined }[];
  readonly opened: OpenSessionRequest[];
  readonly terminals: { host: string; command?: string; title?: string }[];
  readonly ended: string[];
  /** The forwards that were started, as for ssh, and those that were stopped. */
  readonly forwarded: string[];
}

function world(): World {
  const asked: World["asked"] = [];
  const opened: OpenSessionRequest[] = [];
  const terminals: World["terminals"] = [];
  const ended: string[] = [];
  const forwarded: string[] = [];
  const forwards = {
    forwards: () => [],
    forward: (id: string) => (id === "f1" ? { host: "web1" } : undefined),
    start: async ({ host, spec }: ForwardRequest) => void forwarded.push(`${host} ${formatForward(spec)}`),
    stop: (id: string) => forwarded.push(`stop ${id}`),
    onDidChange: () => ({ dispose: () => {} }),
  };
  const service = {
    masters: () => [{ id: "m1", spec: "web1", sessions: [] }],
    connect: async () => "m1",
    open: (request: OpenSessionRequest) => {
      opened.push(request);
      return Promise.reject(new Error("no session in this test"));
    },
    kill: (id: string) => ended.push(id),
    disconnect: async (id: string) => void ended.push(id),
    onDidChange: () => ({ dispose: () => {} }),
  };
  const access = {
    require: async (host: string, request: { what?: string | undefined; claim?: string | undefined }) => {
      // The user takes a while to answer, during which the caller may change what it passed.
      await new Promise((resolve) => setImmediate(resolve));
      asked.push({ host, what: request.what, claim: request.claim });
    },
  };
  const open = async (host: string, options: { command?: string; title?: string }): Promise<object> => {
    terminals.push({ host, ...options });
    return {};
  };
  const api = new SessionsApi(
    service as never,
    forwards as never,
    {} as never,
    { open } as never,
    access as never,
  );
  return { api, asked, opened, terminals, ended, forwarded };
}

/** Its text differs each time it is read. */
function fickle(...texts: readonly string[]): string {
  let at = 0;
  const next = (): string => texts[Math.min(at++, texts.length - 1)] ?? "";
  return { toString: next, trim: next, valueOf: next } as unknown as string;
}

/** An object whose properties differ each time they are read. */
function fickleOptions(first: object, later: object): object {
  const seen = new Set<PropertyKey>();
  return new Proxy(first, {
    get: (_, name) => {
      const source = seen.has(name) ? later : first;
      seen.add(name);
      return (source as Record<PropertyKey, unknown>)[name];
    },
  });
}

const oneCall = { once: "an extension calls once, with any arguments" };
const anything: readonly unknown[] = [
  null,
  undefined,
  0,
  Number.NaN,
  true,
  Symbol("x"),
  [],
  {},
  () => "web1",
  new Proxy(
    {},
    {
      get: () => {
        throw new Error("trap");
      },
    },
  ),
  {
    toString: () => {
      throw new Error("thrown");
    },
  },
  { toString: () => ({}) },
  Object.create(null),
];

attack("texts that change after the question are read once", oneCall, async () => {
  const { api, asked, opened, terminals } = world();
  await api.exec(fickle("web1", "prod"), fickle("id", "rm -rf /")).catch(() => {});
  const options = fickleOptions({ command: "id", title: "ok" }, { command: "rm -rf /", title: "x" });
  await api.openTerminal(fickle("web1", "prod"), options as OpenTerminalOptions);
  await api.openTerminal("web1", { command: fickle("id", "rm -rf /") });
  expect(asked.map(({ host, what }) => [host, what])).toEqual([
    ["web1", "id"],
    ["web1", "id"],
    ["web1", "id"],
  ]);
  expect(opened.map(({ host, request }) => [host, request])).toEqual([
    ["web1", { type: "exec", command: "id" }],
  ]);
  expect(terminals.map(({ host, command }) => [host, command])).toEqual([
    ["web1", "id"],
    ["web1", "id"],
  ]);
});

attack("a forward that changes after the question is read once", oneCall, async () => {
  const { api, asked, forwarded } = world();
  await api.forward(fickle("web1", "prod"), fickle("8080", "-R 22:localhost:22"));
  await api.stop(fickle("f1", "f2"));
  await api.stop("f9");
  expect(asked.map(({ host, what }) => [host, what])).toEqual([
    ["web1", "-L 8080:localhost:8080"],
    ["web1", undefined],
  ]);
  expect(forwarded).toEqual(["web1 -L 8080:localhost:8080", "stop f1"]);
});

attack("changing an argument after the call has no effect", oneCall, async () => {
  const { api, opened } = world();
  const options = {
    env: { A: "1" } as Record<string, string>,
    timeLimitSeconds: 5,
    stdin: Buffer.from("good"),
  };
  const running = api.exec("web1", "id", options).catch(() => {});
  options.env["LD_PRELOAD"] = "/evil.so";
  options.timeLimitSeconds = 0;
  await running;
  expect(opened).toMatchObject([{ env: { A: "1" }, timeLimitSeconds: 5 }]);
  expect(opened[0]?.env).toEqual({ A: "1" });
});

attack("arguments of any type are rejected or taken as text, without an exception", oneCall, async () => {
  const { api, asked, opened, terminals } = world();
  const calls = anything.flatMap((value) => {
    const odd = value as never;
    return [
      () => api.exec(odd, "id"),
      () => api.exec("web1", odd),
      () => api.exec("web1", "id", odd),
      ...["stdin", "env", "pty", "timeLimitSeconds", "signal", "maxOutputBytes", "caller"].map(
        (name) => () => api.exec("web1", "id", { [name]: value } as ExecOptions),
      ),
      () => api.connect(odd),
      () => api.connect("web1", odd),
      () => api.openTerminal(odd, odd),
      () => api.openTerminal("web1", { command: odd, title: odd, preserveFocus: odd, caller: odd }),
      () => api.kill(odd),
      () => api.forward(odd, odd),
      () => api.forward("web1", odd, odd),
      () => api.stop(odd, odd),
      () => api.disconnect(odd, odd),
    ];
  });
  for (const call of calls) {
    // An exception instead of a rejection would fail here.
    const result = call();
    expect(result).toBeInstanceOf(Promise);
    await result.catch(() => {});
  }
  for (const { host, what, claim } of asked) {
    expect(["string", "undefined"]).toContain(typeof what);
    expect(["string", "undefined"]).toContain(typeof claim);
    expect(typeof host).toBe("string");
  }
  for (const { request, env } of opened) {
    expect(typeof (request.type === "exec" ? request.command : "")).toBe("string");
    expect(Object.values(env ?? {}).every((value) => typeof value === "string")).toBe(true);
  }
  expect(terminals.every(({ host, command = "" }) => typeof host + typeof command === "stringstring")).toBe(
    true,
  );
});

attack("absurd numbers are rejected as limits", oneCall, async () => {
  const { api, asked, opened } = world();
  for (const number of [Number.NaN, Number.POSITIVE_INFINITY, -1, "7", {}] as number[]) {
    await expect(api.exec("web1", "id", { maxOutputBytes: number })).rejects.toThrow(TypeError);
    await expect(api.exec("web1", "id", { timeLimitSeconds: number })).rejects.toThrow(TypeError);
  }
  expect([asked, opened]).toEqual([[], []]);
});

attack("unknown ids are ignored without a question, existing ones are ended after one", oneCall, async () => {
  const { api, asked, ended } = world();
  await api.kill("m9");
  await api.disconnect("../m1");
  expect([asked, ended]).toEqual([[], []]);
  await api.kill(fickle("m1", "m9"));
  expect([asked.length, ended]).toEqual([1, ["m1"]]);
});

attack("a flood of calls leaves nothing behind", { size: 5_000 }, async (size) => {
  const { api, asked } = world();
  const calls: Promise<boolean>[] = [];
  while (calls.length < size) {
    // A caller that makes all of them in one turn blocks the event loop itself.
    for (let some = 0; some < 100; some++) {
      calls.push(
        api.exec("web1", "id").then(
          () => false,
          () => true,
        ),
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await Promise.all(calls)).every(Boolean)).toBe(true);
  expect(asked).toHaveLength(size);
});
