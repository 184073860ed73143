"""Who and what there is: places, merchants, people, cards, devices and addresses, all functions of identities."""
