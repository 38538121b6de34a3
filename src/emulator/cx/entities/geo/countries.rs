//! Countries and territories: the English name that results carry, then other names people use.

/// One country a line; names separated by `|`.
pub(super) const COUNTRIES: &str = "\
Afghanistan
Albania
Algeria|argelia
American Samoa
Andorra
Angola
Antigua and Barbuda|antigua
Argentina|argentine|argentinien|arjantin
Armenia
Aruba
Australia|aussie|australie|australien|avustralya
Austria|österreich|autriche|avusturya
Azerbaijan|azerbaycan
The Bahamas|bahamas|bahama
Bahrain
Bangladesh
Barbados
Belarus|byelorussia
Belgium|belgien|belgique|bélgica|belçika
Belize
Benin
Bermuda
Bhutan
Bolivia
Bosnia and Herzegovina|bosnia|bosnia herzegovina
Botswana
Brazil|brasil|brasilien|brésil|brezilya|brazylia
British Virgin Islands
Brunei
Bulgaria|bulgarien|bulgaristan
Burkina Faso
Burundi
Cambodia
Cameroon
Canada|canadá|kanada
Cape Verde
Cayman Islands
Central African Republic
Chad
Chile
China|chine|peoples republic of china|prc|chiny|çin
Colombia|kolumbien|colombie
Comoros
Democratic Republic of the Congo|drc|congo kinshasa
Republic of the Congo|congo|congo brazzaville
Cook Islands
Costa Rica
Croatia|kroatien|croatie|croacia|hrvatska
Cuba|kuba
Curaçao|curacao
Cyprus|zypern|kıbrıs
Czechia|czech republic|tschechien|czechy|república checa
Denmark|dänemark|danemark|dinamarca|danimarka|danmark
Djibouti
Dominica
Dominican Republic|república dominicana
Timor-Leste|east timor
Ecuador
Egypt|ägypten|égypte|egipto|mısır
El Salvador
Equatorial Guinea
Eritrea
Estonia|estland
Eswatini|swaziland
Ethiopia
Falkland Islands
Faroe Islands
Fiji
Finland|finnland|finlande|finlandia
France|francia|frankreich|frança|francja|fransa
French Guiana
French Polynesia|tahiti
Gabon
The Gambia|gambia
Georgia
Germany|deutschland|allemagne|alemania|alemanha|niemcy|almanya
Ghana
Gibraltar
Greece|griechenland|grèce|grecia|grécia|yunanistan
Greenland|grönland
Grenada
Guadeloupe
Guam
Guatemala
Guinea
Guinea-Bissau
Guyana
Haiti
Honduras
Hong Kong
Hungary|ungarn|hongrie|hungría|węgry|macaristan
Iceland|island|islande|islandia
India|indien|inde|índia|indie|hindistan|bharat
Indonesia|indonesien|indonésie
Iran
Iraq|irak
Ireland|irland|irlande|irlanda|republic of ireland
Israel|israël|israil
Italy|italien|italie|italia|itália|włochy|italya
Ivory Coast|cote divoire|côte d'ivoire
Jamaica|jamaika
Japan|japon|japón|japão|japonia|japonya|nippon
Jordan
Kazakhstan
Kenya|kenia
Kiribati
Kosovo
Kuwait
Kyrgyzstan
Laos
Latvia|lettland|letonia
Lebanon
Lesotho
Liberia
Libya
Liechtenstein
Lithuania|litauen|lituania|litwa
Luxembourg|luxemburg
Macao|macau
Madagascar
Malawi
Malaysia|malasia
Maldives|the maldives
Mali
Malta
Marshall Islands
Martinique
Mauritania
Mauritius
Mexico|méxico|mejico|mexiko|mexique|meksyk|meksika
Micronesia
Moldova
Monaco
Mongolia
Montenegro
Morocco|maroc|marokko|marruecos|marrocos|fas
Mozambique
Myanmar|burma
Namibia
Nauru
Nepal
Netherlands|the netherlands|holland|niederlande|pays bas|países bajos|holanda|holandia|hollanda
New Caledonia
New Zealand|neuseeland|nouvelle zélande|nueva zelanda
Nicaragua
Niger
Nigeria
North Korea|dprk
North Macedonia|macedonia
Norway|norwegen|norvège|noruega|norwegia|norveç|norge
Oman
Pakistan
Palau
Palestine
Panama|panamá
Papua New Guinea
Paraguay
Peru|perú|pérou
Philippines|the philippines|filipinas|philippinen
Poland|polen|pologne|polonia|polônia|polska|polonya
Portugal|portugalia|portekiz
Puerto Rico
Qatar
Réunion|reunion
Romania|rumänien|roumanie|rumania|rumunia|romanya
Russia|russian federation|russland|russie|rusia|rosja|rusya
Rwanda
Saint Kitts and Nevis|st kitts
Saint Lucia|st lucia
Saint Vincent and the Grenadines|st vincent
Samoa
San Marino
São Tomé and Príncipe
Saudi Arabia|saudi|arabia saudita|saudi arabien
Senegal
Serbia|serbien
Seychelles
Sierra Leone
Singapore|singapur|singapour
Sint Maarten
Slovakia|slowakei|slovaquie|eslovaquia
Slovenia|slowenien
Solomon Islands
Somalia
South Africa|südafrika|afrique du sud|sudáfrica|güney afrika
South Korea|korea|republic of korea|südkorea|corée du sud|corea del sur|güney kore
South Sudan
Spain|españa|spanien|espagne|espanha|hiszpania|ispanya
Sri Lanka|ceylon
Sudan
Suriname
Sweden|schweden|suède|suecia|suécia|szwecja|isveç|sverige
Switzerland|schweiz|suisse|suiza|suíça|szwajcaria|isviçre
Syria
Taiwan
Tajikistan
Tanzania|tansania
Thailand|thaïlande|tailandia|tajlandia|tayland
Togo
Tonga
Trinidad and Tobago|trinidad
Tunisia|tunesien|tunisie
Turkey|türkei|turquie|turquía|turquia|turcja|türkiye
Turkmenistan
Turks and Caicos Islands|turks and caicos
Tuvalu
Uganda
Ukraine|ucrania|ukraina|ukrayna
United Arab Emirates|uae|emirates|the emirates|vereinigte arabische emirate
United Kingdom|uk|the uk|u k|great britain|britain|vereinigtes königreich|royaume uni|reino unido|wielka brytania|birleşik krallık|england|scotland|wales|northern ireland
United States|usa|us|u s|u s a|the us|the usa|the states|united states of america|america|vereinigte staaten|états unis|estados unidos|eeuu|ee uu|stany zjednoczone|amerika birleşik devletleri|abd
Uruguay
Uzbekistan
Vanuatu
Vatican City|vatican
Venezuela
Vietnam|viet nam
U.S. Virgin Islands|us virgin islands|virgin islands
Yemen
Zambia
Zimbabwe";
