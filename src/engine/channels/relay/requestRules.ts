import { WireReader } from "../../../base/wire.ts";

type Field = "uint32" | "boolean" | "text" | "bytes" | "modes";

/**
 * The fields of the messages that sshd parses: it ends the whole connection over a missing field, a byte after the
 * last field, or a NUL in a text (sshpkt_get_cstring and sshpkt_get_end, followed by sshpkt_fatal, in session.c and
 * serverloop.c). Requests that are not listed are refused by their name alone.
 */
const channelRequests: Readonly<Record<string, readonly Field[]>> = {
  "pty-req": ["text", "uint32", "uint32", "uint32", "uint32", "modes"],
  "x11-req": ["boolean", "text", "text", "uint32"],
  "auth-agent-req@openssh.com": [],
  env: ["text", "text"],
  shell: [],
  exec: ["text"],
  subsystem: ["text"],
  "window-change": ["uint32", "uint32", "uint32", "uint32"],
  signal: ["text"],
  break: ["uint32"],
  "eow@openssh.com": [],
};

const channelTypes: Readonly<Record<string, readonly Field[]>> = {
  session: [],
  "direct-tcpip": ["text", "uint32", "text", "uint32"],
  "direct-streamlocal@openssh.com": ["text", "bytes", "uint32"],
};

const globalRequests: Readonly<Record<string, readonly Field[]>> = {
  "tcpip-forward": ["text", "uint32"],
  "cancel-tcpip-forward": ["text", "uint32"],
  "streamlocal-forward@openssh.com": ["text"],
  "cancel-streamlocal-forward@openssh.com": ["text"],
  "keepalive@openssh.com": [],
};

/** `unknown`: not in the list. */
export type Judgement = "good" | "malformed" | "unknown";

export function judgeChannelRequest(name: string, body: Buffer): Judgement {
  // Unknown requests are passed on: sshd refuses them by their name (session_input_channel_req).
  return judge(channelRequests, name, body);
}

export function judgeChannelOpen(type: string, body: Buffer): Judgement {
  return judge(channelTypes, type, body);
}

export function judgeGlobalRequest(name: string, body: Buffer): Judgement {
  return judge(globalRequests, name, body);
}

/** A name as sshd reads it. */
export function isGoodName(name: string): boolean {
  return name.length > 0 && !name.includes("\0");
}

function judge(table: Readonly<Record<string, readonly Field[]>>, name: string, body: Buffer): Judgement {
  const fields = Object.hasOwn(table, name) ? table[name] : undefined;
  if (fields === undefined) {
    return "unknown";
  }
  const reader = new WireReader(body);
  return fields.every((field) => isGood(field, reader)) && reader.left === 0 ? "good" : "malformed";
}

function isGood(field: Field, reader: WireReader): boolean {
  switch (field) {
    case "uint32":
      return reader.uint32() !== undefined;
    case "boolean":
      return reader.boolean() !== undefined;
    case "bytes":
      return reader.string() !== undefined;
    case "text":
      return reader.string()?.includes(0) === false;
    case "modes":
      return areGoodModes(reader.string());
  }
}

/** RFC 4254 section 8, as ssh_tty_parse_modes (ttymodes.c) reads it: opcodes above 159 end the list. */
function areGoodModes(modes: Buffer | undefined): boolean {
  if (modes === undefined) {
    return false;
  }
  const reader = new WireReader(modes);
  // A list may lack its end.
  const next = (): number => reader.byte() ?? 0;
  for (let opcode = next(); opcode !== 0 && opcode < 160; opcode = next()) {
    if (reader.uint32() === undefined) {
      return false;
    }
  }
  return true;
}
