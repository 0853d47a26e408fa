import { inFile, type KeptSurvivor, why } from "./keptSurvivor.ts";

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
    ["if (this.isOpen) {", why.twoGuards],
    ["if (!closedByUs) {", why.twoGuards],
    ["if (!this.#eofReceived) {", why.twoGuards],
    ["if (this.#ended) {", why.twoGuards],
    ["this.#ended = true;", why.twoGuards],
    [
      "for (const emitter of [this.#received, this.#gotEof, this.#closed, this.#drained]) {",
      "nothing is fired after the end",
    ],
    ["emitter.dispose();", "nothing is fired after the end"],
  ),
  ...inFile(
    "src/engine/channels/channelStream.ts",
    ["super({ highWaterMark: 64 * 1024 });", "the default of Node 22 is the same"],
    ["this.#closed = true;", why.twoGuards],
    ["if (!this.readableEnded) {", "a stream that has ended takes a second end"],
  ),
  ...inFile(
    "src/engine/channels/channelTable.ts",
    ["if (this.#ended) {", why.twoGuards],
    [
      "const channels = [...this.#channels].filter(([id]) => !this.#openings.has(id));",
      "nobody listens to a channel that was not confirmed",
    ],
    ["this.#parked.clear();", why.cost],
    ["if (channel === undefined || opening === undefined) {", why.compilerOnly],
    [
      "if (sender === undefined || window === undefined || packet === undefined || body.left > 0) {",
      why.missing,
    ],
    [
      "if (code === undefined || description === undefined || language === undefined || body.left > 0) {",
      why.missing,
    ],
    ["if (type === undefined || data === undefined || body.left > 0) {", why.missing],
    ["if (id === undefined || head === undefined) {", why.missing],
  ),
  ...inFile(
    "src/engine/channels/forgivenMessages.ts",
    ["const repeated = [...this.#counts].filter(([, count]) => count > 1);", why.log],
    ["if (repeated.length > 0) {", why.log],
  ),
  ...inFile(
    "src/engine/channels/globalRequests.ts",
    ['signal.addEventListener("abort", onAbort, { once: true });', why.once],
    [
      "this.#waiting.splice(index, 1)[0]?.settle({ accepted: false, body: new WireReader(Buffer.alloc(0)) });",
      why.compilerOnly,
    ],
  ),
  ...inFile("src/engine/channels/messages.ts", [
    "return type === undefined || sender === undefined || window === undefined || packet === undefined",
    why.missing,
  ]),
  ...inFile(
    "src/engine/channels/pieceQueue.ts",
    ["const room = kept === undefined ? 0 : kept.data.length - kept.used;", why.cost],
    ["if (this.#length === 0 && (data.length >= small || data.length > room)) {", why.cost],
    ["if (data.length >= small) {", why.cost],
    ["if (last === undefined || last.data.length - last.used < data.length) {", why.cost],
    ["if (run !== undefined && run % 2 === mark) {", why.compilerOnly],
    ["if (block === undefined || run === undefined) {", why.compilerOnly],
    ["this.#forgetTaken();", why.cost],
    ["if (block.used < block.data.length) {", why.cost],
    ["#forgetTaken(): void {", why.cost],
    ["if (this.#block >= 64 && this.#block * 2 >= this.#blocks.length) {", why.cost],
  ),
  ...inFile("src/engine/channels/protocolError.ts", [
    "static is(error: unknown): error is ProtocolError {",
    "test/attack reaches it",
  ]),
  ...inFile(
    "src/engine/channels/receiveWindow.ts",
    ['if (this.#started || rest === "drop") {', "the end is reported in a later turn"],
    ["if (this.#flowing) {", "a channel's data has one listener, which gets the same order"],
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
    ["this.#clients.delete(client);", why.cost],
    ["if (this.#clients.size === 0 && this.#channels.size === 0) {", why.cost],
    ["this.#clients.clear();", "nothing is fired after the end"],
    ["this.#channels.clear();", "nothing is fired after the end"],
    ["if (open === undefined || !forwardedTypes.has(open.type)) {", why.twoGuards],
    ["return false;", "the channel table ignores such a message, too"],
    ["default:", why.sameResult],
    [
      "this.#nextId = this.#nextId >= largestChannelId ? firstId : this.#nextId + 1;",
      "it takes two thousand million channels of programs",
    ],
    ["} while (this.#channels.has(this.#nextId));", "it takes two thousand million channels of programs"],
    ["this.#listeners.clear();", "nothing is fired after the end"],
    ["this.#changed.dispose();", "nothing is fired after the end"],
    [
      "if (type < message.channelOpenConfirmation || bytes.length < 5) {",
      "a channel's number is 2^30 at least, so no other message seems to have one",
    ],
  ),
  ...inFile(
    "src/engine/channels/relay/relayClient.ts",
    ["if (this.#ended) {", "a disposed or ended client has nothing left"],
    ["this.#open.clear();", "a disposed or ended client has nothing left"],
    ["if (!this.#ended) {", why.twoGuards],
    ["const offer = serverId === undefined ? undefined : this.#offers.get(serverId);", why.compilerOnly],
    [
      "if (serverId === undefined || window === undefined || packet === undefined || body.left > 0) {",
      why.missing,
    ],
    [
      "if (first === undefined || window === undefined || packet === undefined || body.left > 0) {",
      why.missing,
    ],
    ["if (serverId === undefined || offer === undefined) {", why.compilerOnly],
    ["const channel = serverId === undefined ? undefined : this.#open.get(serverId);", why.compilerOnly],
    ["if (more === undefined || body.left > 0 || !channel.grant(more)) {", why.missing],
    [
      'channel.command = Buffer.from(fields.text()?.slice(0, longestCommand) ?? "").toString();',
      why.compilerOnly,
    ],
    ["if (!channel.closeSent && channel.serverId !== undefined) {", why.compilerOnly],
    ["if (channel.isOver && channel.serverId !== undefined) {", why.compilerOnly],
  ),
  ...inFile(
    "src/engine/channels/relay/relayGlobalRequests.ts",
    [
      'return !name.startsWith("cancel-") || type === undefined || this.#listener(type, payload) !== undefined;',
      why.compilerOnly,
    ],
    [
      "(each) => each.client === this.#client && each.type === type && each.address.equals(payload),",
      "the addresses of the two types differ in their length",
    ],
    ["if (listener !== undefined) {", why.compilerOnly],
  ),
  ...inFile(
    "src/engine/channels/remoteForwards.ts",
    ["if (bound !== undefined) {", why.compilerOnly],
    ["if (open === undefined || granted === undefined) {", why.missing],
    ["if (this.#refusals++ === 0) {", why.log],
    ['const text = bound.type === "tcp" ? `${bound.host}:${bound.port}` : bound.path;', why.log],
    ['...(bound.type === "tcp" && { port: bound.port }),', "a socket has no port"],
    ['if (at.type === "unix" || at.port !== 0) {', "a socket has no port"],
    [
      "return host === undefined || port === undefined || from === undefined || fromPort === undefined",
      why.missing,
    ],
    ["return path === undefined || reserved === undefined", why.missing],
    ['? other.type === "tcp" && one.host === other.host && one.port === other.port', why.compilerOnly],
    [': other.type === "unix" && one.path === other.path;', why.compilerOnly],
  ),
  ...inFile(
    "src/engine/channels/sendWindow.ts",
    ["this.#queue = [];", "nothing is sent after the close"],
    ["if (this.#queue.length > 0 && this.#window > 0) {", why.cost],
  ),
  ...inFile(
    "src/engine/channels/sessionRequests.ts",
    [
      'request.type === "exec" ? request.command : request.type === "subsystem" ? request.name : undefined,',
      why.compilerOnly,
    ],
    ["timer?.dispose();", why.compilerOnly],
  ),
  ...inFile("src/engine/channels/peerOpens.ts", [
    "if (this.#settled.length === 0 && this.#thisTurn < mostPerTurn) {",
    "which of them is confirmed a turn later has no effect",
  ]),
];
