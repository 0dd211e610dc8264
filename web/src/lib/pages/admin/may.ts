import type { Me } from '../../api';

/** Whether somebody has one of the permissions. */
export const may = ({ permissions }: Me, ...one: string[]): boolean =>
  one.some((permission) => permissions.includes(permission));

export const seesUsers = (me: Me): boolean => may(me, 'view_user', 'add_user', 'change_user', 'delete_user');

export const seesRooms = (me: Me): boolean =>
  may(me, 'view_room', 'change_room', 'delete_room', 'moderate_room');

export const seesInvitations = (me: Me): boolean => may(me, 'add_invitation', 'change_user');

export const seesServer = (me: Me): boolean => may(me, 'view_server');

export const seesBans = (me: Me): boolean => may(me, 'change_user', 'moderate_room');

export const seesLog = (me: Me): boolean => may(me, 'view_log');

/** Whether there is anything to look after. */
export const administers = (me: Me): boolean =>
  seesUsers(me) || seesRooms(me) || seesInvitations(me) || seesServer(me) || seesLog(me);
