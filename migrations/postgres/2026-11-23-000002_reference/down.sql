DELETE FROM deadline_rule;
DELETE FROM calendar_day;
DELETE FROM calendar_year;
