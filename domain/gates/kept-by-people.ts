/**
 * Volumes and secret stores, as Kubernetes manifests declare them: whoever changes one may lose data that no commit brings
 * back. Paths that say so themselves are among the protected ones; these are known by what they hold. Pure.
 */
const MANIFEST = /\.(?:ya?ml|json)(?:\.(?:tpl|tmpl|j2|gotmpl))?$/i;
const KIND =
  /^[ \t]*-?[ \t]*["']?kind["']?[ \t]*:[ \t]*["']?(PersistentVolume(?:Claim)?|VolumeSnapshot(?:Content)?|SealedSecret|(?:Cluster)?ExternalSecret|(?:Cluster)?SecretStore|VaultStaticSecret|VaultDynamicSecret)["']?[ \t,]*\r?$/m;

/** Whether a file of this name may be such a manifest. */
export function mayHoldState(path: string): boolean {
  return MANIFEST.test(path);
}

/** What the text declares that only people change, or null. */
export function stateHeld(text: string): string | null {
  return KIND.exec(text)?.[1] ?? null;
}
