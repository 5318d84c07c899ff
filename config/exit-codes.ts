/** How a process of `up` ends by itself, as sysexits.h names it: whoever started it then knows whether to start it again. */

/** It has said what a person must mend. */
export const EXIT_CANNOT_RUN = 78;
/** What it needs, such as Temporal or the store, is not there: it may be in a moment. */
export const EXIT_NOT_NOW = 75;
