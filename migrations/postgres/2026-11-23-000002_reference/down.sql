DELETE FROM deadline_rule;
DELETE FROM calendar_day;
DELETE FROM calendar_year;
DELETE FROM field WHERE code IN (
    'land',
    'construction_order',
    'urban_infrastructure',
    'transport',
    'environment',
    'urban_order',
    'public_security',
    'health',
    'education',
    'culture_sport',
    'social_policy',
    'administrative_procedure',
    'tax',
    'public_investment',
    'noise',
    'organisation_staff',
    'other'
);
