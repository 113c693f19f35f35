// Of each bench the flags with which it is over in seconds. What it measures then means nothing; that it runs
// to its end does. A bench without a line here fails `npm run bench:smoke`.
export const smokeForms = {
  'bench:accept': '--seconds 1 --runs 1 --modules 20 --goal 0',
  'bench:actions':
    '--promotes 6 --inflight 24 --opened 8 --poll 1000 --pace 20 --tenants 4 --clusters 6',
  'bench:agent':
    '--few 1 --some 0 --many 0 --seconds 1 --settle 0 --runs 1 --report 1000 --limit 0',
  'bench:approvals':
    '--pending 200 --reads 5 --decisions 6 --inflight 24 --poll 1000 --pace 20 --tenants 4 --clusters 6 --limit 0',
  'bench:archives': '',
  'bench:audit':
    '--tenants 3 --seconds 1 --rounds 1 --rate 100 --sealing 2 --verified 1000 --proofs 5 --entries 20000 --pages 2 --limit 0',
  'bench:bakes': '--from 40 --to 40 --tenants 4 --poll 1000 --seconds 3 --warmup 2',
  'bench:dashboard': '',
  'bench:deliveries': '--messages 20 --rate 20 --lanes 6 --limit 0',
  'bench:desired': '--agents 5 --moves 5 --waves 1 --limit 0',
  'bench:fairness': '--crowd 100 --starts 5 --pace 20',
  'bench:followers': '--followers 20 --rate 2 --seconds 2 --runs 1',
  'bench:gate': '--rollouts 2',
  'bench:gates': '--gates 40 --tenants 4 --poll 1000 --seconds 3 --warmup 2',
  'bench:settings': '--changes 3 --lost 1 --cut 1 --limit 0',
  'bench:identity': '--logins 6 --clients 2 --bindings 20 --checks 5 --revocations 3 --limit 0',
  'bench:limits': '--calls 200 --seconds 1 --rounds 1 --slots 3',
  'bench:nodes': '--from 5 --to 5 --tenants 2 --report 500 --windows 1 --seconds 1 --warmup 1',
  'bench:openings': '--deployments 20 --tenants 4 --runs 1',
  'bench:recovery': '--kills 1 --burst 4 --tenants 2',
  'bench:strangers': '--seconds 1 --connections 0,4',
  'bench:soak': '--minutes 0 --seconds 12 --rate 4 --tenants 2 --clusters 2 --modules 2 --sample 2',
  'bench:swap': '--runs 1 --swaps 2 --seconds 1',
  'bench:tenants': '--tenants 20 --reads 20 --accepts 20',
  'bench:upload': '--mib 5',
};
