alter table environments drop column labels;
