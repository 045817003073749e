/** A response of one of the festival's backends. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** Absent: `application/json`. */
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
