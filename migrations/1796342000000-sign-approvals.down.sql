drop table approval_challenges;
