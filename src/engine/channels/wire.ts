/**
 * What carries the connection protocol (RFC 4254): whole messages, in order, both ways. What arrives is given to
 * `ChannelTable.receive`.
 */
export interface Wire {
  /** Sends one message. Dropped when the wire has ended. */
  send(message: Uint8Array): void;
  /** Sends SSH_MSG_CHANNEL_DATA, without a further copy of the data. */
  sendData(recipient: number, data: Uint8Array): void;
  /**
   * More waits for the transport than it should hold. Data then waits in its channel; replies and requests are sent.
   * When this turns false again, the wire's owner calls `ChannelTable.resumeSending`.
   */
  readonly congested: boolean;
}
