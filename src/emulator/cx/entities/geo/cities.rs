//! Well-known cities of the world: the English name that results carry, then other names people use.

/// Cities separated by `;`, names of one city by `|`.
pub(super) const CITIES: &str = "\
Accra;Addis Ababa;Algiers|alger;Alexandria;Antananarivo;Bamako;Cairo|kairo|le caire;Cape Town|kapstadt;Casablanca;Conakry;Dakar;\
Dar es Salaam;Durban;Fes|fez;Freetown;Giza;Harare;Ibadan;Johannesburg|joburg;Kampala;Kano;Khartoum;Kigali;Kinshasa;Lagos;\
Libreville;Lomé|lome;Luanda;Lusaka;Maputo;Marrakesh|marrakech;Mombasa;Monrovia;Nairobi;Ouagadougou;Port Elizabeth;\
Pretoria;Rabat;Tangier|tanger;Tripoli;Tunis;Windhoek;Yaoundé|yaounde;Abuja;Abidjan;Douala;Port Harcourt;Gaborone;Kumasi;\
Abu Dhabi;Aden;Aleppo;Almaty;Amman;Ankara;Antalya;Ashgabat;Astana;Baghdad|bagdad;Baku|bakü;Basra;Beirut|beyrouth;Bishkek;Bursa;\
Damascus;Dammam;Doha;Dubai;Dushanbe;Erbil;Gaziantep;Haifa;Isfahan;Istanbul|constantinople;Izmir;Jeddah;Jerusalem;Kabul;Konya;\
Kuwait City;Manama;Mashhad;Mecca|makkah;Medina;Muscat;Riyadh;Samarkand;Sanaa;Sharjah;Shiraz;Tabriz;Tashkent;Tbilisi;Tehran|teheran;\
Tel Aviv;Yerevan;Adana;Kayseri;Mersin;Eskişehir|eskisehir;Trabzon;Samsun;Diyarbakır|diyarbakir;Bodrum;\
Agra;Ahmedabad;Ajmer;Allahabad|prayagraj;Amritsar;Aurangabad;Bangalore|bengaluru;Bhopal;Bhubaneswar;Chandigarh;Chennai|madras;\
Coimbatore;Cuttack;Dehradun;Delhi|dilli;New Delhi;Dhanbad;Faridabad;Ghaziabad;Goa;Gurgaon|gurugram;Guwahati;Gwalior;Hubli;Hyderabad;\
Indore;Jabalpur;Jaipur;Jalandhar;Jammu;Jamshedpur;Jodhpur;Kanpur;Kochi|cochin;Kolkata|calcutta;Kota;Kozhikode|calicut;Lucknow;\
Ludhiana;Madurai;Mangalore|mangaluru;Meerut;Mumbai|bombay;Mysore|mysuru;Nagpur;Nashik;Nellore;Noida;Patna;Pondicherry|puducherry;\
Pune|poona;Raipur;Rajkot;Ranchi;Rourkela;Salem;Shimla;Srinagar;Surat;Thane;Thiruvananthapuram|trivandrum;Tiruchirappalli|trichy;\
Tirupati|thirupati;Udaipur;Vadodara|baroda;Varanasi|banaras|benares;Vijayawada;Visakhapatnam|vizag;Warangal;Guntur;Kurnool;\
Kathmandu;Pokhara;Dhaka|dacca;Chittagong;Colombo;Kandy;Karachi;Lahore;Islamabad;Rawalpindi;Faisalabad;Multan;Peshawar;Malé;Thimphu;\
Bangkok;Chiang Mai;Phuket;Pattaya;Hanoi;Ho Chi Minh City|saigon;Da Nang;Phnom Penh;Siem Reap;Vientiane;Yangon|rangoon;Mandalay;\
Kuala Lumpur;Penang;Johor Bahru;Singapore;Jakarta;Surabaya;Bandung;Medan;Semarang;Makassar;Denpasar;Yogyakarta;Manila;Quezon City;\
Cebu City|cebu;Davao City|davao;Bandar Seri Begawan;Dili;\
Beijing|peking|pekin;Shanghai|schanghai;Guangzhou|canton;Shenzhen;Tianjin;Chongqing;Chengdu;Wuhan;Xi'an|xian;Hangzhou;Nanjing;\
Shenyang;Harbin;Dalian;Qingdao;Suzhou;Xiamen;Kunming;Changsha;Zhengzhou;Jinan;Ningbo;Foshan;Dongguan;Lhasa;Urumqi;Hong Kong;Macau;\
Taipei;Kaohsiung;Taichung;Seoul|séoul;Busan|pusan;Incheon;Daegu;Daejeon;Gwangju;Pyongyang;Ulaanbaatar;Tokyo|tokio;Osaka;Kyoto;Nagoya;\
Yokohama;Sapporo;Kobe;Fukuoka;Kawasaki;Hiroshima;Sendai;Nagasaki;Okinawa;Nara;\
Sydney;Melbourne;Brisbane;Perth;Adelaide;Canberra;Gold Coast;Hobart;Darwin;Cairns;Newcastle;Geelong;Townsville;Auckland;Wellington;\
Christchurch;Hamilton;Dunedin;Queenstown;Suva;Port Moresby;Honolulu;Nouméa|noumea;Papeete;\
London|londres|londra|londyn;Birmingham;Manchester;Liverpool;Leeds;Sheffield;Bristol;Glasgow;Edinburgh;Cardiff;Belfast;Leicester;\
Nottingham;Newcastle upon Tyne;Southampton;Portsmouth;Brighton;Oxford;Cambridge;York;Bath;Aberdeen;Dundee;Swansea;Plymouth;Coventry;\
Reading;Bradford;Hull;Stoke-on-Trent;Wolverhampton;Derby;Exeter;Norwich;Inverness;Dublin;Cork;Galway;Limerick;Waterford;\
Paris|parigi|paryż;Marseille|marseilles|marsella;Lyon|lyons;Toulouse;Nice|niza;Nantes;Strasbourg|straßburg;Montpellier;Bordeaux;\
Lille;Rennes;Reims;Toulon;Grenoble;Dijon;Angers;Nîmes;Cannes;Avignon;Tours;Rouen;Le Havre;Saint-Étienne;Brussels|bruxelles|brüssel|bruselas;\
Antwerp|antwerpen|anvers;Ghent|gent|gand;Bruges|brugge;Liège|liege;Charleroi;Luxembourg City;Amsterdam;Rotterdam;The Hague|den haag|la haye;\
Utrecht;Eindhoven;Groningen;Maastricht;Tilburg;Breda;Nijmegen;Haarlem;Leiden;Delft;\
Berlin;Hamburg|hambourg|hamburgo;Munich|münchen|muenchen|múnich;Cologne|köln|koeln|colonia;Frankfurt|frankfurt am main|francfort;Stuttgart;\
Düsseldorf|dusseldorf|duesseldorf;Dortmund;Essen;Leipzig;Bremen;Dresden;Hanover|hannover;Nuremberg|nürnberg;Duisburg;Bochum;Wuppertal;\
Bielefeld;Bonn;Münster;Karlsruhe;Mannheim;Augsburg;Wiesbaden;Kiel;Aachen;Freiburg;Mainz;Heidelberg;Potsdam;Rostock;Erfurt;Lübeck;Kassel;\
Regensburg;Ulm;Würzburg;Göttingen;Vienna|wien|vienne|viena|wiedeń|viyana;Graz;Linz;Salzburg;Innsbruck;Klagenfurt;Zurich|zürich|zuerich;\
Geneva|genève|genf|ginebra;Basel|bâle;Bern|berne;Lausanne;Lucerne|luzern;Lugano;St. Gallen;Winterthur;\
Madrid|madryt;Barcelona|barcelone;Valencia;Seville|sevilla|séville;Zaragoza|saragossa;Málaga|malaga;Murcia;Palma|palma de mallorca;\
Las Palmas;Bilbao;Alicante;Córdoba|cordoba;Valladolid;Vigo;Gijón;Granada;San Sebastián|donostia;Pamplona;Salamanca;Toledo;Cádiz|cadiz;\
Santander;Marbella;Ibiza;Tenerife;Girona;Tarragona;Burgos;Lisbon|lisboa|lissabon|lizbona|lisbonne;Porto|oporto;Braga;Coimbra;Faro;Funchal;\
Rome|roma|rom|rzym;Milan|milano|mailand|mediolan;Naples|napoli|neapel;Turin|torino;Palermo;Genoa|genova;Bologna;Florence|firenze|florenz;\
Bari;Catania;Venice|venezia|venedig|wenecja;Verona;Messina;Padua|padova;Trieste;Brescia;Parma;Pisa;Siena;Modena;Perugia;Rimini;Cagliari;\
Valletta;Athens|athen|athènes|atenas|ateny|atina;Thessaloniki;Patras;Heraklion;Nicosia;Limassol;Larnaca;\
Warsaw|warszawa|warschau|varsovie|varsovia|varşova;Kraków|krakow|cracow|krakau;Łódź|lodz;Wrocław|wroclaw|breslau;Poznań|poznan;\
Gdańsk|gdansk|danzig;Szczecin;Bydgoszcz;Lublin;Katowice;Białystok|bialystok;Gdynia;Częstochowa;Radom;Sopot;Toruń|torun;Rzeszów|rzeszow;\
Kielce;Olsztyn;Zakopane;Opole;Gliwice;Zabrze;Bytom;Prague|praha|prag|praga;Brno;Ostrava;Plzeň|pilsen;Bratislava|pressburg;Košice;\
Budapest;Debrecen;Szeged;Bucharest|bucurești|bukarest|bükreş;Cluj-Napoca|cluj;Timișoara;Iași;Constanța;Sofia;Plovdiv;Varna;Burgas;\
Belgrade|beograd|belgrad;Novi Sad;Zagreb;Split;Dubrovnik;Rijeka;Ljubljana;Maribor;Sarajevo;Mostar;Skopje;Podgorica;Tirana;Pristina;\
Moscow|moskva|moskau|moscou|moscú|moskova|moskwa;Saint Petersburg|st petersburg|petersburg;Novosibirsk;Yekaterinburg;Kazan;Nizhny Novgorod;\
Samara;Omsk;Rostov-on-Don;Ufa;Krasnoyarsk;Voronezh;Perm;Volgograd;Sochi;Vladivostok;Kaliningrad;Kyiv|kiev|kiew;Kharkiv;Odesa|odessa;\
Dnipro;Lviv|lwów;Donetsk;Minsk;Chișinău|chisinau;Vilnius;Kaunas;Riga;Tallinn;Tartu;Helsinki;Espoo;Tampere;Turku;Oulu;\
Stockholm|estocolmo|sztokholm;Gothenburg|göteborg;Malmö|malmo;Uppsala;Oslo;Bergen;Trondheim;Stavanger;Tromsø;Copenhagen|københavn|kopenhagen|copenhague;\
Aarhus;Odense;Aalborg;Reykjavík|reykjavik;\
New York|new york city|nyc|nueva york|nowy jork;Los Angeles|la|l a;Chicago;Houston;Phoenix;Philadelphia|philly;San Antonio;San Diego;Dallas;\
San Jose;Austin;Jacksonville;Fort Worth;Columbus;Charlotte;San Francisco|sf|san fran;Indianapolis;Seattle;Denver;Washington|washington dc|washington d c;\
Boston;El Paso;Nashville;Detroit;Oklahoma City;Portland;Las Vegas|vegas;Memphis;Louisville;Baltimore;Milwaukee;Albuquerque;Tucson;Fresno;\
Sacramento;Mesa;Kansas City;Atlanta;Omaha;Colorado Springs;Raleigh;Miami;Long Beach;Virginia Beach;Oakland;Minneapolis;Tulsa;Tampa;Arlington;\
New Orleans;Wichita;Cleveland;Bakersfield;Aurora;Anaheim;Santa Ana;Riverside;Corpus Christi;Lexington;Stockton;St. Louis|saint louis;\
Saint Paul|st paul;Pittsburgh;Cincinnati;Anchorage;Henderson;Greensboro;Plano;Newark;Lincoln;Orlando;Irvine;Toledo;Jersey City;Chula Vista;\
Durham;Fort Wayne;St. Petersburg;Laredo;Buffalo;Madison;Lubbock;Chandler;Scottsdale;Reno;Glendale;Norfolk;Winston-Salem;Chesapeake;Irving;\
Fremont;Richmond;Boise;Spokane;Baton Rouge;Des Moines;Tacoma;San Bernardino;Modesto;Fontana;Santa Clarita;Birmingham;Fayetteville;Rochester;\
Akron;Salt Lake City;Huntsville;Little Rock;Grand Rapids;Knoxville;Worcester;Providence;Chattanooga;Fort Lauderdale;Tempe;Santa Rosa;\
Santa Clara;Sunnyvale;Palo Alto;Mountain View;Menlo Park;Cupertino;Redwood City;San Mateo;Berkeley;Pasadena;Burbank;Santa Monica;\
Santa Barbara;Santa Cruz;Monterey;Malibu;Beverly Hills;Oceanside;Eugene;Bellevue;Redmond;Kirkland;Vancouver;Syracuse;Albany;Hartford;\
New Haven;Stamford;Manchester;Springfield;Cambridge;Savannah;Charleston;Columbia;Tallahassee;Gainesville;Pensacola;Naples;Sarasota;\
Key West;Mobile;Montgomery;Jackson;Shreveport;Lafayette;Galveston;Waco;Amarillo;Santa Fe;Flagstaff;Provo;Boulder;Fort Collins;Aspen;\
Billings;Helena;Bozeman;Cheyenne;Fargo;Sioux Falls;Rapid City;Duluth;Green Bay;Ann Arbor;Lansing;Flint;Dayton;Evansville;South Bend;\
Peoria;Rockford;Topeka;Cedar Rapids;Davenport;Burlington;Bangor;Juneau;Fairbanks;Trenton;Princeton;Atlantic City;Hoboken;Yonkers;Brooklyn;\
Queens;Manhattan;The Bronx|bronx;Staten Island;Harrisburg;Allentown;Scranton;Wilmington;Annapolis;Alexandria;Roanoke;Asheville;\
Toronto;Montreal|montréal;Vancouver;Calgary;Edmonton;Ottawa;Winnipeg;Quebec City|québec;Hamilton;Kitchener;London;Victoria;Halifax;\
Saskatoon;Regina;St. John's;Mississauga;Brampton;Surrey;Burnaby;Laval;Windsor;Kelowna;Banff;Whistler;\
Mexico City|ciudad de méxico|cdmx|ciudad de mexico;Guadalajara;Monterrey;Puebla;Tijuana;León|leon;Ciudad Juárez;Mérida|merida;Cancún|cancun;\
Acapulco;Querétaro|queretaro;San Luis Potosí;Toluca;Oaxaca;Veracruz;Chihuahua;Hermosillo;Mazatlán|mazatlan;Puerto Vallarta;Playa del Carmen;\
Tulum;Cabo San Lucas|cabo;Guatemala City;San Salvador;Tegucigalpa;Managua;San José;Panama City|ciudad de panamá;Belize City;Havana|la habana|habana;\
Santo Domingo;Punta Cana;Port-au-Prince;Kingston;Montego Bay;Nassau;San Juan;Bridgetown;Port of Spain;\
Bogotá|bogota;Medellín|medellin;Cali;Barranquilla;Cartagena;Bucaramanga;Caracas;Maracaibo;Quito;Guayaquil;Cuenca;Lima;Arequipa;Cusco|cuzco;\
Trujillo;La Paz;Santa Cruz de la Sierra;Sucre;Cochabamba;Asunción|asuncion;Montevideo;Punta del Este;Buenos Aires|bs as;Rosario;Mendoza;\
La Plata;Mar del Plata;San Miguel de Tucumán;Salta;Bariloche;Ushuaia;Santiago|santiago de chile;Valparaíso|valparaiso;Concepción|concepcion;\
Viña del Mar;Antofagasta;São Paulo|sao paulo;Rio de Janeiro|rio;Brasília|brasilia;Salvador;Fortaleza;Belo Horizonte;Manaus;Curitiba;Recife;\
Porto Alegre;Belém|belem;Goiânia|goiania;Guarulhos;Campinas;São Luís;Maceió|maceio;Natal;Florianópolis|florianopolis;Vitória;João Pessoa;\
Teresina;Campo Grande;Cuiabá;Santos;Ribeirão Preto;Georgetown;Paramaribo;Cayenne";
