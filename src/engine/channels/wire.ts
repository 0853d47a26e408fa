/**
 * The transport of the connection protocol (RFC 4254): complete messages, in order, in both directions. Incoming
 * messages go to `ChannelTable.receive`.
 */
export interface Wire {
  /** Each received message has memory of its own. */
  readonly ownsMessages?: boolean;
  /** Sends one message. Dropped when the wire has ended. */
  send(message: Uint8Array): void;
  /** Sends SSH_MSG_CHANNEL_DATA without copying the data again. */
  sendData(recipient: number, data: Uint8Array): void;
  /**
   * Too much data waits for the transport. Further data then waits in its channel; replies and requests are still
   * sent. When this becomes false again, the wire's owner calls `ChannelTable.resumeSending`.
   */
  readonly congested: boolean;
}
