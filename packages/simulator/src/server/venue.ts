/** The seam between a venue's behaviour and the network (or the in-process transport) that carries it. */

export interface SimRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  /** The client's address: limits are counted per address. */
  readonly ip: string;
}

export interface SimResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The client's end of a socket, as a venue sees it. */
export interface ClientLink {
  send(text: string): void;
  ping(payload: string): void;
  /** Closing handshake. */
  close(code: number, reason: string): void;
  /** TCP reset. */
  terminate(): void;
}

/** A venue's end of a socket: told what the client does. */
export interface VenueSession {
  message(text: string): void;
  pinged(payload: string): void;
  ponged(payload: string): void;
  closed(): void;
}

export interface Venue {
  http(request: SimRequest): SimResponse;
  /** Accepts a socket, or refuses its upgrade with a status. */
  connect(
    request: Pick<SimRequest, 'path' | 'query' | 'headers' | 'ip'>,
    link: ClientLink,
  ): VenueSession | { readonly refused: number; readonly body: string };
  /** Stops every timer of the venue. */
  stop(): void;
}
