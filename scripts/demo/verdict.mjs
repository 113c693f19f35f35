// Did the story come out as it is told? Each difference is a sentence; none means yes.

/** `facts` are what story.mjs collected; what it did not reach is missing. */
export function differences({ direct, good, bad, running }) {
  return [
    ...wrongStatus(direct, '1.0.0', 'Succeeded'),
    ...(direct?.status === 'Succeeded' ? wrongStatus(good, '2.0.0', 'Succeeded') : []),
    ...(good?.failed > 0 ? [lostRequests(good)] : []),
    ...(good && good.requests === 0 ? ['No request was sent while 2.0.0 was rolled out.'] : []),
    ...(good?.status === 'Succeeded' ? badRollout(bad, running) : []),
  ];
}

function badRollout(bad, running) {
  const wrong = wrongStatus(bad, '2.1.0', 'RolledBack');
  if (wrong.length > 0) return wrong;
  return [
    ...(bad.wave ? [] : ['2.1.0 was rolled back, but not because a gate had found it unstable.']),
    ...(running ?? [])
      .filter(({ releases }) => releases.join() !== '2.0.0')
      .map(
        ({ name, releases }) => `${name} runs ${releases.join(' and ') || 'nothing'}, not 2.0.0.`,
      ),
  ];
}

function wrongStatus(rollout, version, wanted) {
  if (!rollout) return [`The rollout of ${version} did not take place.`];
  if (rollout.status === wanted) return [];
  const why = rollout.reason ? `: ${rollout.reason}` : '.';
  return [`The rollout of ${version} ended as ${rollout.status}, not as ${wanted}${why}`];
}

function lostRequests({ failed, requests, failures }) {
  const kinds = Object.entries(failures).map(([kind, count]) => `${count} × ${kind}`);
  return `${failed} of ${requests} requests failed during the good rollout (${kinds.join(', ')}).`;
}
