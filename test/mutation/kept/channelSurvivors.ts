import {
  compilerOnly,
  cost,
  inFile,
  type KeptSurvivor,
  log,
  missing,
  once,
  twoGuards,
} from "./keptSurvivor.ts";

export const channelSurvivors: readonly KeptSurvivor[] = [
  ...inFile(
    "src/engine/channels/channel.ts",
    [
      "return this.#remoteId !== undefined && !this.#closeSent && !this.#closeReceived && !this.#lost;",
      "no caller has a channel before it is confirmed",
    ],
    [
      "...(this.#remoteId !== undefined && { remoteId: this.#remoteId }),",
      "no caller has a channel before it is confirmed",
    ],
    [
      "if (this.#remoteId !== undefined && !this.#closeSent && !this.#lost) {",
      "nothing is sent on a channel before it is confirmed",
    ],
    ["if (this.isOpen) {", twoGuards],
    ["if (!closedByUs) {", twoGuards],
    ["if (!this.#eofReceived) {", twoGuards],
    ["if (this.#ended) {", twoGuards],
    ["this.#ended = true;", twoGuards],
    [
      "for (const emitter of [this.#received, this.#gotEof, this.#closed, this.#drained]) {",
      "nothing is fired after the end",
    ],
    ["emitter.dispose();", "nothing is fired after the end"],
  ),
  ...inFile("src/engine/channels/channelOpening.ts", [
    'signal.addEventListener("abort", this.#onAbort, { once: true });',
    once,
  ]),
  ...inFile(
    "src/engine/channels/channelStream.ts",
    ["super({ highWaterMark: 64 * 1024 });", "the default of Node 22 is the same"],
    ["this.#closed = true;", twoGuards],
    ["if (!this.readableEnded) {", "a stream that has ended takes a second end"],
  ),
  ...inFile(
    "src/engine/channels/channelTable.ts",
    ["if (this.#ended) {", twoGuards],
    ["if (!this.#ended) {", twoGuards],
    [
      "const channels = [...this.#channels].filter(([id]) => !this.#openings.has(id));",
      "nobody listens to a channel that was not confirmed",
    ],
    ["this.#parked.clear();", cost],
    ["if (channel === undefined || opening === undefined) {", compilerOnly],
    ["if (sender === undefined || window === undefined || packet === undefined || body.left > 0) {", missing],
    [
      "if (code === undefined || description === undefined || language === undefined || body.left > 0) {",
      missing,
    ],
    ["if (type === undefined || data === undefined || body.left > 0) {", missing],
    ["if (id === undefined || head === undefined) {", missing],
  ),
  ...inFile(
    "src/engine/channels/forgivenMessages.ts",
    ["const repeated = [...this.#counts].filter(([, count]) => count > 1);", log],
    ["if (repeated.length > 0) {", log],
  ),
  ...inFile(
    "src/engine/channels/globalRequests.ts",
    ['signal.addEventListener("abort", onAbort, { once: true });', once],
    [
      "this.#waiting.splice(index, 1)[0]?.settle({ accepted: false, body: new WireReader(Buffer.alloc(0)) });",
      compilerOnly,
    ],
  ),
  ...inFile("src/engine/channels/messages.ts", [
    "return type === undefined || sender === undefined || window === undefined || packet === undefined",
    missing,
  ]),
  ...inFile(
    "src/engine/channels/pieceQueue.ts",
    ["const room = kept === undefined ? 0 : kept.data.length - kept.used;", cost],
    ["if (this.#length === 0 && (data.length >= small || data.length > room)) {", cost],
    ["if (data.length >= small) {", cost],
    ["if (last === undefined || last.data.length - last.used < data.length) {", cost],
    ["if (run !== undefined && run % 2 === mark) {", compilerOnly],
    ["if (block === undefined || run === undefined) {", compilerOnly],
    ["this.#forgetTaken();", cost],
    ["if (block.used < block.data.length) {", cost],
    ["#forgetTaken(): void {", cost],
    ["if (this.#block >= 64 && this.#block * 2 >= this.#blocks.length) {", cost],
  ),
  ...inFile("src/engine/channels/protocolError.ts", [
    "static is(error: unknown): error is ProtocolError {",
    "test/attack reaches it",
  ]),
  ...inFile(
    "src/engine/channels/receiveWindow.ts",
    ["if (beyond > 0) {", "no byte beyond the window counts as none"],
    [
      "if (this.#paused || this.#flowing || this.#queue.length > 0) {",
      "through the queue it arrives in the same order",
    ],
    ["this.#flow();", "the queue is only filled while nothing may flow"],
    ["this.#flowing = true;", "a channel's data has one listener, which gets the same order"],
    ["} else if (data.length > 0) {", "empty data adds nothing"],
  ),
  ...inFile(
    "src/engine/channels/relay/relay.ts",
    ["this.#listeners.clear();", "nothing is fired after the end"],
    ["this.#changed.dispose();", "nothing is fired after the end"],
    [
      "if (type < message.channelOpenConfirmation || bytes.length < 5) {",
      "a channel's number is 2^30 at least, so no other message seems to have one",
    ],
  ),
  ...inFile(
    "src/engine/channels/relay/relayClient.ts",
    [
      "if (serverId === undefined || window === undefined || packet === undefined || body.left > 0) {",
      missing,
    ],
    ["if (first === undefined || window === undefined || packet === undefined || body.left > 0) {", missing],
    ["if (serverId === undefined || offer === undefined) {", compilerOnly],
  ),
  ...inFile(
    "src/engine/channels/remoteForwards.ts",
    ["if (bound !== undefined) {", compilerOnly],
    ["if (open === undefined || granted === undefined) {", missing],
    ["if (this.#refusals++ === 0) {", log],
    ['const text = bound.type === "tcp" ? `${bound.host}:${bound.port}` : bound.path;', log],
    ['...(bound.type === "tcp" && { port: bound.port }),', "a socket has no port"],
    ['if (at.type === "unix" || at.port !== 0) {', "a socket has no port"],
    [
      "return host === undefined || port === undefined || from === undefined || fromPort === undefined",
      missing,
    ],
    ["return path === undefined || reserved === undefined", missing],
  ),
  ...inFile("src/engine/channels/sessionRequests.ts", [
    'request.type === "exec" ? request.command : request.type === "subsystem" ? request.name : undefined,',
    compilerOnly,
  ]),
];
