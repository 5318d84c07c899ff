/** What `up` was asked for. */
export interface UpOptions {
  /** Null: the default, or a throwaway folder for a playground that is to exit. */
  readonly dataDir: string | null;
  readonly port: number | null;
  readonly config: string | null;
  readonly exit: boolean;
  readonly json: boolean;
  readonly seed: number;
  /** The playground that was played before is thrown away first. */
  readonly fresh: boolean;
  /** How this program is called here: what is printed for copying begins with it. */
  readonly command: string;
}
