/** The names of one playground: who owns the repo, what its service sells, how its function, module and routes are called. */
import type { Seeded } from './seeded.ts';

export interface Theme {
  /** `owner/name`. */
  readonly repo: string;
  /** What is sold, in the plural. */
  readonly goods: string;
  /** The function that says what so many cost, and its module without `.mjs`. */
  readonly fn: string;
  readonly module: string;
  /** Route of the price, with its slash; and the query parameter of the quantity. */
  readonly route: string;
  readonly quantity: string;
  /** Route and field that issue 3 asks for. */
  readonly aboutRoute: string;
  readonly aboutField: string;
  /** The trusted person who wrote and labelled the issues. */
  readonly person: string;
}

export function chooseTheme(seeded: Seeded): Theme {
  const goods = seeded.pick(['lanterns', 'candles', 'wicks', 'matches', 'mirrors', 'shades', 'torches', 'beacons']);
  const noun = seeded.pick(['price', 'quote', 'bill', 'charge', 'tariff']);
  const owner = seeded.pick(['harbour', 'old-town', 'night-shift', 'north-pier', 'gasworks', 'quayside']);
  const place = seeded.pick(['shop', 'store', 'counter', 'stall', 'depot']);
  return {
    repo: `${owner}/${goods.slice(0, -1)}-${place}`,
    goods,
    fn: `${noun}Of${goods.charAt(0).toUpperCase()}${goods.slice(1)}`,
    module: `${noun}-${seeded.pick(['list', 'table', 'book', 'rules'])}`,
    route: `/${noun}`,
    quantity: seeded.pick(['count', 'pieces', 'amount', 'units']),
    aboutRoute: `/${seeded.pick(['about', 'contact', 'imprint', 'keeper'])}`,
    aboutField: seeded.pick(['contact', 'keeper', 'answersFor', 'writeTo']),
    person: seeded.pick(['ada', 'grace', 'edith', 'hedy', 'mary']),
  };
}

/** Of another repo in the same town: nobody shall take the one for the other. */
export function chooseOtherTheme(seeded: Seeded, first: Theme): Theme {
  for (;;) {
    const theme = chooseTheme(seeded);
    const [owner, name] = theme.repo.split('/');
    if (theme.goods !== first.goods && !first.repo.startsWith(`${owner}/`) && !first.repo.endsWith(`/${name}`))
      return { ...theme, person: first.person };
  }
}
