/** What `make` runs for a command: the recipes of the targets that the command's words name, and of those that they need. Pure. */
interface Rule {
  readonly needs: readonly string[];
  readonly recipe: string[];
}

/** Empty where the command does not call make. */
export function makeRecipes(makefile: string, command: string): string {
  if (!/\bmake\b/.test(command)) return '';
  const { rules, first } = rulesOf(makefile);
  const asked = command.split(/[\s;&|()"'`]+/).filter((word) => rules.has(word));
  const due = asked.length > 0 ? asked : first === null ? [] : [first];
  const seen = new Set<string>();
  const lines: string[] = [];
  for (let name = due.pop(); name !== undefined; name = due.pop()) {
    const rule = rules.get(name);
    if (rule === undefined || seen.has(name)) continue;
    seen.add(name);
    lines.push(...rule.recipe);
    // A recipe may call make again.
    due.push(
      ...rule.needs,
      ...rule.recipe.flatMap((line) => (/\bMAKE\b|\bmake\b/.test(line) ? line.split(/\s+/) : [])),
    );
  }
  return lines.join('\n');
}

function rulesOf(makefile: string): { readonly rules: ReadonlyMap<string, Rule>; readonly first: string | null } {
  const rules = new Map<string, Rule>();
  let first: string | null = null;
  let current: readonly Rule[] = [];
  for (const line of makefile.replaceAll('\\\n', ' ').split('\n')) {
    if (line.startsWith('\t')) {
      for (const rule of current) rule.recipe.push(line.trim());
      continue;
    }
    const [, targets, rest = ''] = /^([^\s:=#][^:=#]*?)\s*::?(?!=)([^\n]*)$/.exec(line) ?? [];
    if (targets === undefined) continue;
    const [needs = '', ...inline] = rest.split(';');
    current = targets.split(/\s+/).map((target) => {
      const before = rules.get(target);
      const rule = { needs: [...(before?.needs ?? []), ...needs.trim().split(/\s+/)], recipe: before?.recipe ?? [] };
      rule.recipe.push(...inline);
      rules.set(target, rule);
      if (first === null && !target.startsWith('.')) first = target;
      return rule;
    });
  }
  return { rules, first };
}
