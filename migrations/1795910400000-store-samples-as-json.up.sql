-- What is written at each poll or report and read as a whole: kept as the text that it arrives and
-- leaves as. As jsonb each was taken apart and put together again, and a sample was twice as long.
--
-- Other than jsonb, json holds U+0000, which every look into it would then fail at.

alter table runs
  alter column gate type json using gate::json,
  add constraint runs_gate_without_nul check (position('\u0000' in gate::text) = 0);
alter table gate_samples alter column body type json using body::json;
alter table node_metrics alter column counters type json using counters::json;
