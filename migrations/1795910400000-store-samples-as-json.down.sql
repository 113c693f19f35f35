alter table node_metrics alter column counters type jsonb using counters::jsonb;
alter table gate_samples alter column body type jsonb using body::jsonb;
alter table runs
  drop constraint runs_gate_without_nul,
  alter column gate type jsonb using gate::jsonb;
