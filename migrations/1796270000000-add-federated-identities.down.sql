drop table used_subject_tokens;
drop table federated_identities;
