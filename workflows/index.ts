export { agentSession } from './agent-session.ts';
export { issuePoller } from './issue-poller.ts';
export { issueRun } from './issue-run.ts';
export { repoLane } from './repo-lane.ts';
