-- The version before asks nobody for a second factor; who has one enrols it again.
drop table tenant_security, answered_challenges, user_factors;
