//! States and provinces that people name in addresses: the English name that results carry, then other names.

/// One state a line; names separated by `|`.
pub(super) const STATES: &str = "\
Alabama|AL
Alaska|AK
Arizona|AZ
Arkansas|AR
California|CA|calif|cali
Colorado|CO
Connecticut|CT
Delaware|DE
Florida|FL
Georgia|GA
Hawaii|HI
Idaho|ID
Illinois|IL
Indiana|IN
Iowa|IA
Kansas|KS
Kentucky|KY
Louisiana|LA
Maine|ME
Maryland|MD
Massachusetts|MA|mass
Michigan|MI
Minnesota|MN
Mississippi|MS
Missouri|MO
Montana|MT
Nebraska|NE
Nevada|NV
New Hampshire|NH
New Jersey|NJ
New Mexico|NM
New York|NY|new york state
North Carolina|NC
North Dakota|ND
Ohio|OH
Oklahoma|OK
Oregon|OR
Pennsylvania|PA
Rhode Island|RI
South Carolina|SC
South Dakota|SD
Tennessee|TN
Texas|TX
Utah|UT
Vermont|VT
Virginia|VA
Washington|WA|washington state
West Virginia|WV
Wisconsin|WI
Wyoming|WY
District of Columbia|DC|washington dc
Alberta|AB
British Columbia|BC
Manitoba|MB
New Brunswick|NB
Newfoundland and Labrador|NL|newfoundland
Nova Scotia|NS
Ontario|ON
Prince Edward Island|PEI
Quebec|QC|québec
Saskatchewan|SK
Northwest Territories|NT
Nunavut|NU
Yukon|YT
New South Wales|NSW
Queensland|QLD
South Australia
Tasmania|TAS
Victoria|VIC
Western Australia
Northern Territory
England
Scotland
Wales
Northern Ireland
Baden-Württemberg|baden württemberg
Bavaria|bayern
Berlin
Brandenburg
Bremen
Hamburg
Hesse|hessen
Lower Saxony|niedersachsen
Mecklenburg-Vorpommern|mecklenburg vorpommern
North Rhine-Westphalia|nordrhein westfalen|nrw
Rhineland-Palatinate|rheinland pfalz
Saarland
Saxony|sachsen
Saxony-Anhalt|sachsen anhalt
Schleswig-Holstein|schleswig holstein
Thuringia|thüringen
Andhra Pradesh
Arunachal Pradesh
Assam
Bihar
Chhattisgarh
Goa
Gujarat
Haryana
Himachal Pradesh
Jharkhand
Karnataka
Kerala
Madhya Pradesh
Maharashtra
Manipur
Meghalaya
Mizoram
Nagaland
Odisha|orissa
Punjab
Rajasthan
Sikkim
Tamil Nadu
Telangana
Tripura
Uttar Pradesh
Uttarakhand
West Bengal
Andalusia|andalucía
Catalonia|cataluña|catalunya
Galicia
Aragon|aragón
Castile and León|castilla y león
Extremadura
Jalisco
Nuevo León
Yucatán|yucatan
Quintana Roo
Puebla
Chiapas
Oaxaca
Veracruz
Sonora
Chihuahua
Sinaloa
Guanajuato
São Paulo|sao paulo
Rio de Janeiro
Minas Gerais
Bahia
Paraná|parana
Santa Catarina
Rio Grande do Sul
Pernambuco
Ceará|ceara
Masovian Voivodeship|mazowieckie
Lesser Poland Voivodeship|małopolskie
Silesian Voivodeship|śląskie
Greater Poland Voivodeship|wielkopolskie
Pomeranian Voivodeship|pomorskie
Lower Silesian Voivodeship|dolnośląskie
Tuscany|toscana
Lombardy|lombardia
Sicily|sicilia
Sardinia|sardegna
Normandy|normandie
Brittany|bretagne
Provence
Bourgogne
Île-de-France|ile de france";
