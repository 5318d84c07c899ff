/** Addresses in Temporal Web. `webUrl` has no final slash. */

interface Place {
  readonly webUrl: string;
  readonly namespace: string;
}

/** The runs alone, newest first: sessions, lanes and looks at the trackers are workflows too, and far more of them. */
export function runsInTemporalWeb(place: Place): string {
  return `${workflowsIn(place)}?query=${encodeURIComponent('`WorkflowType`="issueRun"')}`;
}

export function timelineInTemporalWeb(place: Place, workflowId: string): string {
  return `${workflowsIn(place)}/${encodeURIComponent(workflowId)}`;
}

function workflowsIn({ webUrl, namespace }: Place): string {
  return `${webUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
}
