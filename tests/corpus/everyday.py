"""Messages that are no counselling question, for which nothing may be found.

`TUNED` were looked at when the floor was chosen, `FRESH` were written and tried after that.
"""

from __future__ import annotations

TUNED = """
hi
hello there
hey, how are you today?
good morning
thanks, that helped
thank you so much for listening
ok
okay, got it
bye for now, talk to you tomorrow
what's your name?
are you a robot or a real person?
who made you?
what can you do?
can you tell me a joke?
what's the weather like in Berlin tomorrow?
what time is it in Tokyo?
how do I reset my password?
where is the settings button on this page?
can you write a poem about autumn leaves
please translate this sentence into French
what is the capital of Australia?
how many grams are in an ounce?
recommend a good pizza recipe
who won the football match last night?
which laptop should I buy for video editing?
fix this python code: for i in range(10) print(i)
what is 17 times 23?
haha that's funny
lol
yes
no, not really
maybe later
I just came back from the shops with bread and milk
the bus was late again this morning
my favourite colour is green
we watched a film about penguins yesterday
is there a train from Leeds to York on Sunday?
how tall is Mount Everest?
can I use this on my phone?
does this cost anything?
is this chat private?
I have to go, dinner is ready
what did you say?
could you repeat that please
Hallo, wie geht es dir heute?
Ich kann seit Wochen nicht schlafen und mache mir Sorgen um meine Mutter
Bonjour, je voudrais savoir comment ça marche
Hola, ¿qué tal? Me siento muy cansado últimamente
Ciao, grazie mille per il tuo aiuto
Dzień dobry, czy mówisz po polsku?
asdfgh jkl qwerty
test test 123
my printer does not print, what should I do?
the recipe says to bake it for forty minutes at 180 degrees
""".strip().splitlines()

FRESH = """
hiya
Good evening!
Hey there, nice to meet you
ok thanks a lot
cheers, that's all for today
perfect, thank you
see you next week
sure, go ahead
hm, let me think
one moment please
what do you mean by that?
can you say that in simpler words?
how long have you been online?
which model are you based on?
who can read what I write here?
delete my last message please
change the language to Spanish
make the text bigger
sing me a song
tell me something interesting about whales
what's the square root of 144?
convert 10 miles to kilometres
how do I cook rice without burning it?
which bus goes to the airport?
what's on television tonight?
is it going to rain this afternoon?
my internet connection is slow today
my laptop won't start after the update
where can I buy cheap running shoes?
write a haiku about the sea
summarise the plot of Hamlet
how many players are in a volleyball team?
I painted the kitchen yellow last weekend
we had soup and bread for lunch
the cat sleeps on the windowsill
my neighbour has a new car
tomorrow is my cousin's birthday, any gift ideas?
I am going to the supermarket now
the train arrives at six
what does "serendipity" mean?
is a tomato a fruit or a vegetable?
Merhaba, bugün ne haber?
Guten Morgen, schönes Wetter heute
Quelle heure est-il à Montréal ?
Estoy aprendiendo a tocar la guitarra
今日はいい天気ですね
Привет, как дела?
1 2 3 testing
???
:-)
""".strip().splitlines()
