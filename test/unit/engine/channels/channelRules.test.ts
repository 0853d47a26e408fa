import { describe, expect, test } from "vitest";
import { wireUint32 } from "../../../../src/base/wire.ts";
import type { Channel } from "../../../../src/engine/channels/channel.ts";
import type { ForgivenMessage } from "../../../../src/engine/channels/forgivenMessages.ts";
import type { ProtocolViolation } from "../../../../src/engine/channels/protocolError.ts";
import { bytes, peerSends } from "../../../support/channelMessages.ts";
import { type ChannelEnd, loneEnd } from "../../../support/channelPipe.ts";

/** The channel's state when the message came. Its number is 0; 99 is no channel. */
type State = "opening" | "open" | "eof received" | "close sent" | "closed" | "refused";

const window = 10_000;

interface Made {
  readonly end: ChannelEnd;
  readonly channel: Channel | undefined;
}

async function make(state: State): Promise<Made> {
  const end = loneEnd();
  const opening = end.table.open("session", window, Buffer.alloc(0), new AbortController().signal);
  opening.catch(() => {});
  if (state === "opening") {
    return { end, channel: undefined };
  }
  if (state === "refused") {
    end.table.receive(peerSends.failure(0));
    return { end, channel: undefined };
  }
  end.table.receive(peerSends.confirmation(0, 7));
  const channel = await opening;
  channel.resume();
  if (state === "eof received") {
    end.table.receive(peerSends.eof(0));
  } else if (state === "close sent") {
    channel.close();
  } else if (state === "closed") {
    end.table.receive(peerSends.close(0));
  }
  return { end, channel };
}

const big = (length: number): Buffer => Buffer.alloc(length, "x");
const unused = 99;
/** Above INT_MAX. */
const absurd = 2 ** 31;

interface Rule {
  readonly message: string;
  readonly state: State;
  readonly sends: readonly Buffer[];
  /** The rule in OpenSSH 10.5; functions are in channels.c if no file is named. */
  readonly source: string;
  readonly violation?: ProtocolViolation;
  readonly forgiven?: ForgivenMessage;
}

const notOpen: readonly State[] = ["closed", "refused"];
const fatalWhenUnknown: readonly [string, (recipient: number) => Buffer][] = [
  ["open confirmation", (id) => peerSends.confirmation(id, 7)],
  ["open failure", (id) => peerSends.failure(id)],
  ["data", (id) => peerSends.data(id, "x")],
  ["extended data", (id) => peerSends.extended(id, 1, "x")],
  ["EOF", peerSends.eof],
  ["close", peerSends.close],
];
const ignoredWhenUnknown: readonly [string, (recipient: number) => Buffer, ForgivenMessage, string][] = [
  [
    "window adjust",
    (id) => peerSends.adjust(id, 1),
    "a window adjust for an unknown channel",
    "channel_input_window_adjust",
  ],
  ["success", peerSends.success, "a reply for an unknown channel", "channel_input_status_confirm"],
  ["failure", peerSends.requestFailed, "a reply for an unknown channel", "channel_input_status_confirm"],
  [
    "request",
    (id) => peerSends.request(id, "exit-status", true, wireUint32(0)),
    "a request for an unknown channel",
    "client_input_channel_req (clientloop.c)",
  ],
];

const rules: readonly Rule[] = [
  // Numbers that are not in use.
  ...fatalWhenUnknown.flatMap(([message, make]): Rule[] => [
    {
      message: `${message} for a channel that never was`,
      state: "open",
      sends: [make(unused)],
      source: "channel_from_packet_id",
      violation: "unknown-channel",
    },
    {
      message: `${message} for an absurd number`,
      state: "open",
      sends: [make(absurd)],
      source: "channel_parse_id",
      violation: "unknown-channel",
    },
    ...notOpen.map(
      (state): Rule => ({
        message: `${message} for this channel`,
        state,
        sends: [make(0)],
        source: "channel_from_packet_id",
        violation: "unknown-channel",
      }),
    ),
  ]),
  ...ignoredWhenUnknown.flatMap(([message, make, forgiven, source]): Rule[] => [
    {
      message: `${message} for a channel that never was`,
      state: "open",
      sends: [make(unused)],
      source,
      forgiven,
    },
    ...notOpen.map(
      (state): Rule => ({
        message: `${message} for this channel`,
        state,
        sends: [make(0)],
        source,
        forgiven,
      }),
    ),
  ]),
  {
    message: "window adjust for an absurd number",
    state: "open",
    sends: [peerSends.adjust(absurd, 1)],
    source: "channel_parse_id",
    violation: "malformed",
  },
  {
    message: "window adjust for the highest number",
    state: "open",
    sends: [peerSends.adjust(absurd - 1, 1)],
    source: "channel_parse_id",
    forgiven: "a window adjust for an unknown channel",
  },
  {
    message: "success for an absurd number",
    state: "open",
    sends: [peerSends.success(absurd)],
    source: "channel_parse_id",
    violation: "malformed",
  },
  // Confirmations and failures.
  {
    message: "a second open confirmation",
    state: "open",
    sends: [peerSends.confirmation(0, 99, 5_000_000)],
    source: "channel_input_open_confirmation",
    violation: "not-opening",
  },
  {
    message: "an open failure after the confirmation",
    state: "open",
    sends: [peerSends.failure(0)],
    source: "channel_input_open_failure",
    violation: "not-opening",
  },
  {
    message: "an open confirmation after our close",
    state: "close sent",
    sends: [peerSends.confirmation(0, 7)],
    source: "channel_input_open_confirmation",
    violation: "not-opening",
  },
  // Data.
  {
    message: "data before the confirmation",
    state: "opening",
    sends: [peerSends.data(0, "x")],
    source: "channel_input_data",
    forgiven: "data for a channel that is not open",
  },
  {
    message: "extended data before the confirmation",
    state: "opening",
    sends: [peerSends.extended(0, 1, "x")],
    source: "channel_input_extended_data",
    forgiven: "data for a channel that is not open",
  },
  {
    message: "data that fills the window",
    state: "open",
    sends: [peerSends.data(0, big(window))],
    source: "channel_input_data",
  },
  {
    message: "data a tenth beyond the window",
    state: "open",
    sends: [peerSends.data(0, big(window + window / 10))],
    source: "channel_input_data",
    forgiven: "data beyond the window",
  },
  {
    message: "data more than a tenth beyond the window",
    state: "open",
    sends: [peerSends.data(0, big(window + window / 10 + 1))],
    source: "channel_input_data",
    violation: "window-exceeded",
  },
  {
    message: "data above the maximum packet size",
    state: "open",
    sends: [peerSends.data(0, big(32 * 1024 + 1))],
    source: "channel_input_data",
    forgiven: "data above the maximum packet size",
  },
  {
    message: "data after EOF",
    state: "eof received",
    sends: [peerSends.data(0, "x")],
    source: "channel_input_data",
    forgiven: "data after EOF or our own close",
  },
  {
    message: "data that crosses our close",
    state: "close sent",
    sends: [peerSends.data(0, "x")],
    source: "channel_input_data",
    forgiven: "data after EOF or our own close",
  },
  {
    message: "data far beyond the window that crosses our close",
    state: "close sent",
    sends: [peerSends.data(0, big(2 * window))],
    source: "channel_input_data",
    forgiven: "data after EOF or our own close",
  },
  {
    message: "extended data beyond the window",
    state: "open",
    sends: [peerSends.extended(0, 1, big(window + 1))],
    source: "channel_input_extended_data",
    forgiven: "data beyond the window",
  },
  {
    message: "extended data of an unknown type",
    state: "open",
    sends: [peerSends.extended(0, 2, "x")],
    source: "channel_input_extended_data",
    forgiven: "extended data of an unknown type",
  },
  {
    message: "extended data after EOF",
    state: "eof received",
    sends: [peerSends.extended(0, 1, "x")],
    source: "channel_input_extended_data",
    violation: "extended-data-after-eof",
  },
  {
    message: "extended data that crosses our close",
    state: "close sent",
    sends: [peerSends.extended(0, 1, "x")],
    source: "channel_input_extended_data",
    forgiven: "data after EOF or our own close",
  },
  // The window.
  {
    message: "a window adjust up to 2^32 - 1",
    state: "open",
    sends: [peerSends.adjust(0, 2 ** 32 - 1 - 1000)],
    source: "channel_input_window_adjust",
  },
  {
    message: "a window adjust beyond 2^32 - 1",
    state: "open",
    sends: [peerSends.adjust(0, 2 ** 32 - 1000)],
    source: "channel_input_window_adjust",
    violation: "window-overflow",
  },
  {
    message: "a window adjust that crosses our close",
    state: "close sent",
    sends: [peerSends.adjust(0, 1)],
    source: "channel_input_window_adjust",
  },
  // EOF and close.
  {
    message: "a second EOF",
    state: "eof received",
    sends: [peerSends.eof(0)],
    source: "chan_rcvd_ieof (nchan.c)",
  },
  {
    message: "an EOF that crosses our close",
    state: "close sent",
    sends: [peerSends.eof(0)],
    source: "chan_rcvd_ieof (nchan.c)",
  },
  {
    message: "a close before the confirmation",
    state: "opening",
    sends: [peerSends.close(0)],
    source: "chan_send_close2 (nchan.c)",
    violation: "close-before-open",
  },
  {
    message: "a second close",
    state: "open",
    sends: [peerSends.close(0), peerSends.close(0)],
    source: "channel_from_packet_id",
    violation: "unknown-channel",
  },
  // Requests and replies.
  {
    message: "a success that was not asked for",
    state: "open",
    sends: [peerSends.success(0)],
    source: "channel_input_status_confirm",
    forgiven: "a reply that was not asked for",
  },
  {
    message: "a failure that was not asked for",
    state: "open",
    sends: [peerSends.requestFailed(0)],
    source: "channel_input_status_confirm",
    forgiven: "a reply that was not asked for",
  },
  {
    message: "an exit status that crosses our close",
    state: "close sent",
    sends: [peerSends.request(0, "exit-status", false, wireUint32(3))],
    source: "client_input_channel_req (clientloop.c)",
  },
  {
    message: "a message of an unknown type",
    state: "open",
    sends: [bytes(127, wireUint32(0))],
    source: "dispatch_protocol_error (dispatch.c)",
    forgiven: "a message of an unknown type",
  },
  // Malformed messages: truncated, and with a surplus byte.
  ...[91, 92, 93, 94, 95, 96, 97, 98, 99, 100].map(
    (number): Rule => ({
      message: `number ${number} without a recipient`,
      state: "open",
      sends: [bytes(number, Buffer.of(0, 0, 0))],
      source: "channel_parse_id",
      violation: "malformed",
    }),
  ),
  ...[
    ["an open confirmation", "opening", peerSends.confirmation(0, 7)],
    ["an open failure", "opening", peerSends.failure(0)],
    ["a window adjust", "open", peerSends.adjust(0, 1)],
    ["data", "open", peerSends.data(0, "abc")],
    ["extended data", "open", peerSends.extended(0, 1, "abc")],
    ["an exit status", "open", peerSends.request(0, "exit-status", false, wireUint32(0))],
  ].flatMap(([name, state, whole]) => {
    const message = whole as Buffer;
    // The message's number and the recipient are complete: truncating them is tested separately.
    const cuts = Array.from({ length: message.length - 5 }, (_, at) => 5 + at);
    return [
      ...cuts.map((length) => ({
        message: `${String(name)} that is cut to ${length} bytes`,
        state: state as State,
        sends: [message.subarray(0, length)],
        source: "sshpkt_get_* (packet.c)",
        violation: "malformed" as const,
      })),
      {
        message: `${String(name)} with a byte too many`,
        state: state as State,
        sends: [Buffer.concat([message, Buffer.of(0)])],
        source: "sshpkt_get_end (packet.c)",
        violation: "malformed" as const,
      },
    ];
  }),
  ...[
    ["EOF", peerSends.eof(0)],
    ["close", peerSends.close(0)],
    ["success", peerSends.success(0)],
  ].map(
    ([name, whole]): Rule => ({
      message: `${String(name)} with a byte too many`,
      state: "open",
      sends: [Buffer.concat([whole as Buffer, Buffer.of(0)])],
      source: "sshpkt_get_end (packet.c)",
      violation: "malformed",
    }),
  ),
  ...[
    ["a channel open", "client_input_channel_open (clientloop.c)", peerSends.open("x11", 1)],
    ["a global request", "client_input_global_request (clientloop.c)", peerSends.globalRequest("x")],
    ["a channel request", "client_input_channel_req (clientloop.c)", peerSends.request(0, "x")],
  ].flatMap(([name, source, whole]) =>
    Array.from(whole as Buffer, (_, length) => length)
      .slice(1)
      .map(
        (length): Rule => ({
          message: `${String(name)} that is cut to ${length} bytes`,
          state: "open",
          sends: [(whole as Buffer).subarray(0, length)],
          source: String(source),
          violation: "malformed",
        }),
      ),
  ),
  {
    message: "an exit signal that is cut short",
    state: "open",
    sends: [peerSends.request(0, "exit-signal", false, Buffer.of(0, 0))],
    source: "client_input_channel_req (clientloop.c) does not read it",
  },
];

describe("rules of OpenSSH's channels.c", () => {
  test.each(rules)("$message, $state: $source", async ({ state, sends, violation, forgiven }) => {
    const { end } = await make(state);
    for (const message of sends) {
      end.table.receive(message);
    }
    expect(end.violation?.reason).toBe(violation);
    expect([...end.table.forgiven.keys()]).toEqual(forgiven === undefined ? [] : [forgiven]);
  });

  test("tolerated messages are counted, and logged once and at the end", async () => {
    const { end } = await make("open");
    for (let time = 0; time < 1000; time++) {
      end.table.receive(peerSends.extended(0, 5, "x"));
      end.table.receive(peerSends.adjust(unused, 1));
    }
    expect([...end.table.forgiven]).toEqual([
      ["extended data of an unknown type", 1000],
      ["a window adjust for an unknown channel", 1000],
    ]);
    expect(end.logger.lines).toHaveLength(2);
    end.table.end();
    expect(end.logger.lines).toHaveLength(3);
    expect(end.logger.lines.at(-1)).toContain("extended data of an unknown type: 1000");
  });

  test("a tenth of the window is tolerated once, and again after data within the window", async () => {
    const { end, channel } = await make("open");
    channel?.pause();
    end.table.receive(peerSends.data(0, big(window + 600)));
    channel?.resume();
    channel?.pause();
    end.table.receive(peerSends.data(0, big(100)));
    end.table.receive(peerSends.data(0, big(window - 100 + 600)));
    expect(end.violation).toBeUndefined();
    end.table.receive(peerSends.data(0, big(500)));
    expect(end.violation?.reason).toBe("window-exceeded");
  });

  test("data that is ignored after EOF still gives the window back", async () => {
    const { end } = await make("eof received");
    end.table.receive(peerSends.data(0, big(window)));
    expect(end.sentOf(93)).toHaveLength(1);
  });

  test("nothing is sent for a channel after its close", async () => {
    const { end, channel } = await make("close sent");
    const before = end.sent.length;
    channel?.write(big(10));
    channel?.eof();
    channel?.signal("TERM");
    channel?.close();
    end.table.receive(peerSends.request(0, "keepalive@openssh.com", true));
    end.table.receive(peerSends.data(0, big(window)));
    end.table.receive(peerSends.close(0));
    expect(end.sent.length).toBe(before);
    expect(end.table.size).toBe(0);
  });
});
