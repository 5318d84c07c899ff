/** No circles of folders in the product, imports for their types alone included. Tests and their rigs are left out: they may look at anything. */
import files from './.dependency-cruiser.mjs';

const TESTS = '\\.(test|deep)\\.ts$|-rig\\.ts$|^test/|^bench/';

export default {
  forbidden: [
    {
      name: 'no-circles-of-folders',
      comment: 'What two folders share stands in a third.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...files.options, exclude: { path: `${files.options.exclude.path}|${TESTS}` } },
};
